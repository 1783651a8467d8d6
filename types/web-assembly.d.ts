/** What is used of WebAssembly, which TypeScript only declares for browsers. */
declare namespace WebAssembly {
  interface Memory {
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  type Module = object;
  interface Instance {
    readonly exports: Readonly<Record<string, unknown>>;
  }
  const Memory: {
    new (size: { initial: number; maximum?: number }): Memory;
    new (size: { initial: number; maximum: number; shared: true }): { readonly buffer: SharedArrayBuffer };
  };
  const Module: new (bytes: Uint8Array<ArrayBuffer>) => Module;
  const Instance: new (
    module: Module,
    imports: Readonly<Record<string, Readonly<Record<string, unknown>>>>,
  ) => Instance;
}
