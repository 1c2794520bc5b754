import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { AccountService } from "../../../src/modal/account";
import { checkConnection, type Finding } from "../../../src/modal/checkConnection";
import { checkSandbox } from "../../../src/sandboxes/checkSandbox";
import { silentLog } from "../../unit/support/fakes";
import { spec, useServices } from "../support/services";

describe("the connection check", function () {
  this.timeout(60_000);
  const services = useServices();
  const soon = () => AbortSignal.timeout(30_000);
  const collect = async (findings: AsyncIterable<Finding>) => {
    const found: Finding[] = [];
    for await (const finding of findings) found.push(finding);
    return found;
  };
  const check = (environmentName = "", proxy?: string) => {
    const { connection, session } = services();
    const account = new AccountService(connection, () => environmentName, silentLog);
    const options = { session: session.current, connection, account, environmentName, proxyFor: () => proxy };
    return collect(checkConnection(options, soon()));
  };

  it("checks the credentials first and the environment last", async () => {
    const findings = await check();
    assert.deepEqual(
      findings.map(({ step, state }) => [step, state]),
      ["Credentials", "Proxy", "Network", "Workspace", "Environment"].map((step) => [step, "passed"]),
    );
  });

  it("stops at the first problem and suggests a remedy", async () => {
    const findings = await check("", "http://127.0.0.1:1");
    assert.deepEqual(
      findings.map(({ step, state }) => [step, state]),
      [
        ["Credentials", "passed"],
        ["Proxy", "passed"],
        ["Network", "failed"],
      ],
    );
    assert.match(findings.at(-1)?.text ?? "", /^127\.0\.0\.1:1 refuses connections\. /);
  });

  it("warns of an unusable proxy without showing its password, and continues", async () => {
    const findings = await check("", "https://me:secret@proxy.test:3128");
    const [, proxy] = findings;
    assert.equal(proxy?.state, "warning");
    assert.match(proxy.text, /^https:\/\/proxy\.test:3128 is not used: /);
    assert.equal(findings.at(-1)?.step, "Environment");
  });

  it("names an environment that does not exist", async () => {
    const last = (await check("elsewhere")).at(-1);
    assert.deepEqual([last?.step, last?.state], ["Environment", "failed"]);
    assert.equal(last?.text, "The workspace has no environment elsewhere.");
    assert.deepEqual(
      last.actions.map(({ command }) => command),
      ["modalSandboxes.selectEnvironment"],
    );
  });

  it("looks for the needed tools in a sandbox that is gone afterwards", async () => {
    const { sandboxes, exec, store } = services();
    const findings = await collect(checkSandbox({ sandboxes, exec, spec: spec() }, soon()));
    assert.deepEqual(
      findings.map(({ step, state }) => [step, state]),
      [
        ["Sandbox", "passed"],
        ["Tools", "passed"],
      ],
    );
    assert.deepEqual(store.all, []);
  });
});
