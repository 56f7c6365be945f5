import express from 'express';
import { PAGE_PATH, SIGN_IN_PATH, page, visitorOf } from '../site.ts';
import type { BuiltServer } from './built-server.ts';

/** Express and nothing else: what the framework itself costs. */
const VISITOR = visitorOf({});

export function build(): BuiltServer {
  const app = express();
  app.get(SIGN_IN_PATH, (_req, res) => res.status(204).end());
  app.get(PAGE_PATH, (_req, res) => res.json(page(VISITOR)));
  return { app };
}
