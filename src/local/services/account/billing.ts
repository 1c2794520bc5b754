import type { ControlPlane } from "../../protocol/messages";

/**
 * Modal's prices in October 2026, in dollars: GPUs and cores per hour, memory per GiB and hour, volumes per GiB and
 * month. Modal does not document its keys, so these are descriptive ones. Nothing is billed here.
 */
const RATES: Readonly<Record<string, string>> = {
  gpu_t4: "0.59",
  gpu_l4: "0.80",
  gpu_a10: "1.10",
  gpu_l40s: "1.95",
  "gpu_a100-40gb": "2.10",
  "gpu_a100-80gb": "2.50",
  "gpu_rtx-pro-6000": "3.03",
  gpu_h100: "3.95",
  gpu_h200: "4.54",
  gpu_b200: "6.25",
  gpu_b300: "7.10",
  function_cpu_core: "0.0472",
  function_memory_gib: "0.0080",
  sandbox_cpu_core: "0.1419",
  sandbox_memory_gib: "0.0240",
  volume_storage_gib_month: "0.09",
};

export const billingService = (): ControlPlane => ({
  workspaceBillingRates: () => Promise.resolve({ rates: RATES }),
});
