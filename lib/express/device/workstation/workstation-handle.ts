const HANDLE = /^([A-Za-z][A-Za-z0-9_-]{0,62})\.([A-Za-z0-9_-]{22})$/;

/** The name by which administrators know a workstation. */
export function workstationHandle(app: string, id: string): string {
  return `${app}.${id}`;
}

/** What a handle names; `undefined` for what is none. */
export function workstationOf(handle: unknown): { readonly app: string; readonly id: string } | undefined {
  const [, app, id] = (typeof handle === 'string' ? HANDLE.exec(handle) : null) ?? [];
  return app === undefined || id === undefined ? undefined : { app, id };
}
