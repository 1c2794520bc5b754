import { build, packageExtension, prepareVsCode, runProgram } from "./prepare.mjs";

/** `npm start`: a VS Code in the browser with the extension and the sample folder, until Ctrl+C; see `e2e/start.ts`. */
await build();
await packageExtension();
await prepareVsCode();
await runProgram("out/test/e2e/start.js");
