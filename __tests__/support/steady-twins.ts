// A property that is run against a weakened twin has to fail every time, not most of the time: there, its cases are always the same.
if (process.env['TWIN'] !== undefined) {
  const { configureGlobal } = await import('fast-check');
  configureGlobal({ seed: 63 });
}

export {};
