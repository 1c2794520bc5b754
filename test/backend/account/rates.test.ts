import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { RatesService } from "../../../src/modal/ratesService";
import { listRates } from "../../../src/modal/rates";
import { silentLog } from "../../unit/support/fakes";
import { useServices } from "../support/services";
import { useWindows } from "../support/windows";

const signal = () => AbortSignal.timeout(20_000);

describe("the rates of an account", function () {
  this.timeout(60_000);
  const services = useServices();

  it("are the workspace's for every type of GPU until the user signs in to another account", async () => {
    const { connection, clock } = services();
    const rates = new RatesService(connection, clock, silentLog);
    assert.equal(rates.current, listRates);
    await rates.refresh(signal());
    assert.equal(rates.current.source, "your workspace's rates");
    assert.equal(rates.current.gpus.get("A100-80GB"), 2.5);
    assert.equal(rates.current.core, 0.1419);
    rates.forget();
    assert.equal(rates.current, listRates);
  });

  it("are requested once", async () => {
    const { connection, clock } = services();
    const rates = new RatesService(connection, clock, silentLog);
    const heard: unknown[] = [];
    rates.onDidChangeRates((changed) => heard.push(changed));
    await rates.refresh(signal());
    await rates.refresh(signal());
    assert.equal(heard.length, 1);
  });
});

describe("the rates of an account after a failed first request", function () {
  this.timeout(60_000);
  const windows = useWindows();

  it("are requested again a minute later, but only hours later after a refusal", async () => {
    const clock = { time: 0, now: () => clock.time };
    const rates = new RatesService(windows.services.connection, clock, silentLog);
    for (const { status, sourceAfterAMinute } of [
      { status: "DATA_LOSS", sourceAfterAMinute: "your workspace's rates" },
      { status: "PERMISSION_DENIED", sourceAfterAMinute: listRates.source },
    ]) {
      rates.forget();
      await windows.break({ rules: [{ rpc: "WorkspaceBillingRates", status }] });
      await rates.refresh(signal());
      await windows.break({});
      await rates.refresh(signal());
      assert.equal(rates.current, listRates, status);
      clock.time += 60_000;
      await rates.refresh(signal());
      assert.equal(rates.current.source, sourceAfterAMinute, status);
    }
  });
});
