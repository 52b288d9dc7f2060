/** The HNS back end on real packets, through the emulator: the suite of all back ends but for four features. */
import { createHnsDataplane } from '@weir/dataplane';
import { hostAddresses } from '../../../dataplane/test/conformance/world.ts';
import { runDataplaneConformance } from '../../../dataplane/test/conformance.ts';
import { emulatedHns } from './emulated-node.ts';

runDataplaneConformance({
  name: 'hns',
  newDataplane: ({ podInterfaces: [prefix = ''] }) => {
    const pods = (['a', 'b', 'c'] as const).map((pod) => ({
      addresses: [hostAddresses[pod][4], hostAddresses[pod][6]],
      interface: `${prefix}${pod}`,
    }));
    return createHnsDataplane({ door: emulatedHns(pods).door });
  },
  skip: [
    { rule: 'DP7', reason: 'Windows does not filter SCTP' },
    { rule: 'DP8', reason: 'Windows has no except' },
    { rule: 'DP9', reason: 'Windows has no named ports' },
    { rule: 'DP10', reason: 'Windows has no negative selectors' },
  ],
});
