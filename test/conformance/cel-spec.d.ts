/** What is used here of the published cases, so that types need neither the package nor its own packages. */
declare module "@bufbuild/cel-spec/testdata/tests.js" {
  /** One of several sorts of value, by its name. */
  export interface Variant {
    readonly case?: string | undefined;
    readonly value?: unknown;
  }
  export interface Suite {
    readonly name: string;
    readonly suites: readonly Suite[];
    readonly tests: readonly {
      readonly name: string;
      readonly original: {
        readonly expr: string;
        readonly bindings: Readonly<Record<string, { readonly kind: Variant }>>;
        readonly resultMatcher: Variant;
      };
    }[];
  }
  export function getConformanceSuite(): Suite;
}
