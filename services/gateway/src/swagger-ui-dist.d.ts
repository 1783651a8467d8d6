declare module 'swagger-ui-dist/absolute-path.js' {
  /** The folder that the page's files are in. */
  function folder(): string;
  export = folder;
}
