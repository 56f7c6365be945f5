import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { Redis } from 'ioredis';
import { redisStore } from '../../lib/index.ts';
import { dpopWorld } from './dpop-world.ts';

/** A node of a site in a process of its own. Arguments: the address of Redis, and the prefix. It says its port, and lives until it is killed. */
const [, , url = '', prefix = ''] = process.argv;
const store = redisStore({ client: new Redis(url), prefix, deadline: 5_000 });
await store.ready();
const { app } = dpopWorld(express, { store, clock: { now: Date.now, advance: () => Date.now() } });
const server = app.listen(0, '127.0.0.1');
await once(server, 'listening');
process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
