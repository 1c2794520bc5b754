/** Scripts that the build bundles as text: see `scripts` in esbuild.config.mjs. */
declare module "*.sh" {
  const script: string;
  export default script;
}
declare module "*.py" {
  const script: string;
  export default script;
}
declare module "*.pl" {
  const script: string;
  export default script;
}
