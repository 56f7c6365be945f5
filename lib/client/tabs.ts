/** What tabs tell each other: the person did something; look how things stand; it is over. */
export type TabMessage = 'active' | 'check' | { readonly ended: string };

/** The other tabs of the same session. */
export interface Tabs {
  tell(message: TabMessage): void;
  close(): void;
}

/** Joins the tabs that watch the same session endpoints. They are of one origin: nobody else hears or is heard. */
export function joinTabs(url: string, hear: (message: TabMessage) => void): Tabs {
  const channel = new BroadcastChannel(`express-session-policy ${new URL(url, location.href).href}`);
  channel.onmessage = ({ data }: MessageEvent<TabMessage>) => hear(data);
  return { tell: (message) => channel.postMessage(message), close: () => channel.close() };
}
