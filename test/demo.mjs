import { build, packageExtension, prepareVsCode, runProgram } from "./prepare.mjs";

/** `npm run demo`: the main job of the extension in a real VS Code, on the local backend; see `e2e/demo.ts`. */
await build();
await packageExtension();
await prepareVsCode();
await runProgram("out/test/e2e/demo.js");
