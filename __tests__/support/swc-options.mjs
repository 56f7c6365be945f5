/** How TypeScript is compiled wherever it is run without a build: ES modules for the oldest Node that is supported. */
export const SWC_OPTIONS = {
  swcrc: false,
  jsc: { target: 'es2022', parser: { syntax: 'typescript' }, transform: { verbatimModuleSyntax: true } },
  module: { type: 'es6' },
};
