import './typescript-loader.mjs';

/** Finds or fetches redis-server once, before any worker needs it. Workers read where it is from the environment. */
export default async function globalSetup() {
  const { provideRedisBinary } = await import('./redis-binary.ts');
  await provideRedisBinary();
}
