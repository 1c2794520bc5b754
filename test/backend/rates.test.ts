import assert from "node:assert/strict";
import { describe, it } from "mocha";
import { RatesService } from "../../src/modal/ratesService";
import { listRates } from "../../src/modal/rates";
import { silentLog } from "../unit/support/fakes";
import { useServices } from "./support/services";

const signal = () => AbortSignal.timeout(20_000);

describe("what the account pays", function () {
  this.timeout(60_000);
  const services = useServices();

  it("comes from the workspace, for every type of GPU, until somebody else signs in", async () => {
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

  it("is asked for once", async () => {
    const { connection, clock } = services();
    const rates = new RatesService(connection, clock, silentLog);
    const heard: unknown[] = [];
    rates.onDidChangeRates((changed) => heard.push(changed));
    await rates.refresh(signal());
    await rates.refresh(signal());
    assert.equal(heard.length, 1);
  });
});
