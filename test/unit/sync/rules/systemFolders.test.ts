import assert from "node:assert/strict";
import { describe, it } from "mocha";

import { refuseRemotePath } from "../../../../src/sync/rules/systemFolders";

describe("the synced folder of a sandbox", () => {
  it("is never a system folder, and the message suggests another", () => {
    for (const path of [
      ...["/", "/etc", "/usr", "/usr/", "/bin", "/lib", "/lib64", "/proc", "/sys/fs", "/dev", "/boot", "/root", "/tmp"],
      ...[
        "/var",
        "/run",
        "/sbin",
        "/home",
        "/etc/app",
        "/usr/lib/python3",
        "/usr/local",
        "/workspace/..",
        "//etc",
        "/dev/shm",
      ],
    ]) {
      const { message } = refuseRemotePath(path) ?? {};
      assert.match(
        message ?? "",
        /belongs to the sandbox's operating system.*modalSandboxes\.remotePath.*such as \//,
        path,
      );
    }
    assert.match(refuseRemotePath("/root")?.message ?? "", /such as \/root\/workspace\./);
  });

  it("may be any other folder", () => {
    for (const path of [
      ...["/workspace", "/app", "/root/project", "/home/me", "/tmp/x", "/usr/src/app", "/srv", "/mnt/x", "/opt/app"],
      ...["/data", "/etcetera", "/var/www", "/dev/shm/x", "/libraries"],
    ])
      assert.equal(refuseRemotePath(path), undefined, path);
  });
});
