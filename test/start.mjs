import { build, packageExtension, prepareVsCode, run } from "./prepare.mjs";

/** `npm start`: a VS Code in the browser with the extension and the sample folder, until Ctrl+C; see `e2e/start.ts`. */
await build();
await packageExtension();
await prepareVsCode();
await run(process.execPath, ["out/test/e2e/start.js"]);
