import type { Page } from 'playwright-core';

/** What a browser still has of somebody, as a page can find it. */
export interface Traces {
  readonly local: readonly string[];
  readonly session: readonly string[];
  readonly databases: readonly string[];
  readonly caches: readonly string[];
  readonly workers: number;
  readonly windowName: string;
}

export const NO_TRACES: Traces = { local: [], session: [], databases: [], caches: [], workers: 0, windowName: '' };

// Texts, since there are no types of a browser here.
const LEAVE = `(async () => {
  localStorage.setItem('note', 'of ann');
  sessionStorage.setItem('note', 'of ann');
  window.name = 'of ann';
  await new Promise((resolve, reject) => {
    const opening = indexedDB.open('notes of ann', 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore('notes').put('of ann', 1);
    opening.onsuccess = () => resolve(opening.result.close());
    opening.onerror = reject;
  });
  await (await caches.open('pages of ann')).put('/offline', new Response('of ann'));
  await navigator.serviceWorker.register('/worker.js');
  await navigator.serviceWorker.ready;
})()`;

const LOOK = `(async () => ({
  local: Object.keys(localStorage),
  session: Object.keys(sessionStorage),
  databases: (await indexedDB.databases()).map(({ name }) => name),
  caches: await caches.keys(),
  workers: (await navigator.serviceWorker.getRegistrations()).length,
  windowName: window.name,
}))()`;

/** Keeps something in every place where a page can keep it. */
export async function leaveTraces(page: Page): Promise<void> {
  await page.evaluate(LEAVE);
}

export function tracesOf(page: Page): Promise<Traces> {
  return page.evaluate<Traces>(LOOK);
}
