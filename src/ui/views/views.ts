import type { DisposableStore } from "../../base/disposable";
import type { Services } from "../../services/services";
import type { LateTrees } from "./lateTrees";
import { SandboxesView, type SandboxesViewOptions } from "./sandboxesView";
import { orphanSection } from "./sections/orphanSection";
import { pastRunSection } from "./sections/pastRunSection";
import { SectionView } from "./sections/sectionView";
import { snapshotSection } from "./sections/snapshotSection";
import { secretSection, volumeSection } from "./sections/storageSections";

/** Creates the views in the side bar: the sandboxes, and one for each other kind of thing. */
export function createViews(
  own: DisposableStore,
  services: Services & { readonly trees: LateTrees },
  meters: SandboxesViewOptions["meters"],
) {
  const { store, kept, ownership, records, volumes, secrets, scope, clock } = services;
  const view = own.add(
    new SandboxesView({ ...services, sandboxes: store, snapshots: kept, meters, records: ownership }),
  );
  const sections = [
    own.add(new SectionView(orphanSection(store, services), services)),
    own.add(new SectionView(pastRunSection(records, clock), services)),
    own.add(new SectionView(snapshotSection(kept, scope, clock), services)),
    own.add(new SectionView(volumeSection(volumes, clock), services)),
    own.add(new SectionView(secretSection(secrets, clock), services)),
  ];
  return { view, sections };
}
