/**
 * The part of the WebAssembly JavaScript interface that Polity uses. It is declared here because TypeScript
 * ships it only together with the whole DOM, whose globals (`name`, `history`, `status` …) would turn a
 * forgotten variable into valid code.
 */
declare namespace WebAssembly {
  type ExternalKind = "function" | "global" | "memory" | "table" | "tag";
  type ModuleExportDescriptor = { readonly name: string; readonly kind: ExternalKind };
  type ModuleImportDescriptor = {
    readonly module: string;
    readonly name: string;
    readonly kind: ExternalKind;
  };
  type ExportValue = ((...args: never[]) => unknown) | Memory | Global | Table;
  type Exports = Readonly<Record<string, ExportValue>>;
  type Imports = Record<string, Record<string, unknown>>;
  type MemoryDescriptor = { initial: number; maximum?: number; shared?: boolean };

  class Module {
    constructor(bytes: BufferSource);
    static exports(module: Module): ModuleExportDescriptor[];
    static imports(module: Module): ModuleImportDescriptor[];
    static customSections(module: Module, sectionName: string): ArrayBuffer[];
  }

  class Instance {
    constructor(module: Module, imports?: Imports);
    readonly exports: Exports;
  }

  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: ArrayBuffer;
    /** Grows by `pages` of 64 KiB; returns the former number of pages, or throws a RangeError. */
    grow(pages: number): number;
  }

  class Global {
    constructor(
      descriptor: { value: "i32" | "i64" | "f32" | "f64"; mutable?: boolean },
      value?: number | bigint,
    );
    value: number | bigint;
  }

  class Table {
    readonly length: number;
    get(index: number): unknown;
  }

  class CompileError extends Error {}
  class LinkError extends Error {}
  class RuntimeError extends Error {}

  type BufferSource = ArrayBuffer | ArrayBufferView<ArrayBuffer>;

  function validate(bytes: BufferSource): boolean;
  function compile(bytes: BufferSource): Promise<Module>;
  function instantiate(module: Module, imports?: Imports): Promise<Instance>;
  function instantiate(
    bytes: BufferSource,
    imports?: Imports,
  ): Promise<{ readonly module: Module; readonly instance: Instance }>;
}
