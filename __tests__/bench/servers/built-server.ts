import type { Express } from 'express';
import type { FastifyInstance } from 'fastify';
import type { Row } from '../rows.ts';

/** A server that has not begun to listen. */
export type BuiltServer = { readonly app: Express } | { readonly fastify: FastifyInstance };

/** What the module of a server exports. */
export interface ServerModule {
  readonly build: (row: Row, redisUrl: string) => BuiltServer | Promise<BuiltServer>;
}
