import { readFile } from 'node:fs/promises';
import { shortDigest } from './short-digest.ts';
import type { Response } from 'express';

interface BuiltScript {
  readonly text: string;
  readonly etag: string;
}

/** Scripts of ours by file, each read once. */
const scripts = new Map<string, Promise<BuiltScript>>();

/** Sends a script for browsers from the built package. It is the same for everybody. */
export async function sendBuiltScript(res: Response, file: 'index.js' | 'passkey-page.js' | 'device-page.js'): Promise<void> {
  const known = scripts.get(file) ?? readScript(file);
  scripts.set(file, known);
  const { text, etag } = await known;
  res.set({ 'Content-Type': 'text/javascript; charset=utf-8', 'Cache-Control': 'private, max-age=3600', ETag: etag });
  res.send(text);
}

async function readScript(file: string): Promise<BuiltScript> {
  const text = await readFile(new URL(`../client/${file}`, import.meta.url), 'utf8');
  return { text, etag: `"${shortDigest(text)}"` };
}
