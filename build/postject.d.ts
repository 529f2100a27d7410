/** postject ships no types; these are the parts of its api.js that the build uses. */
declare module 'postject' {
  /** Changes the executable in place. */
  export function inject(
    filename: string,
    resourceName: string,
    resource: Buffer,
    options: { readonly sentinelFuse: string },
  ): Promise<void>;
}
