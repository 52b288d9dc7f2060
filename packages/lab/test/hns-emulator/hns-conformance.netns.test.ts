/** The HNS back end on real packets, through the emulator: the suite of all back ends but for four features. */
import { createHnsDataplane } from '@weir/dataplane';
import { hostAddresses } from '../../../dataplane/test/conformance/world.ts';
import { runDataplaneConformance } from '../../../dataplane/test/conformance.ts';
import { emulatedHns } from './emulated-node.ts';
import { windowsLimits } from './windows-limits.ts';

runDataplaneConformance({
  name: 'hns',
  newDataplane: ({ podInterfaces: [prefix = ''] }) => {
    const pods = (['a', 'b', 'c'] as const).map((pod) => ({
      addresses: [hostAddresses[pod][4], hostAddresses[pod][6]],
      interface: `${prefix}${pod}`,
    }));
    return createHnsDataplane({ door: emulatedHns(pods).door });
  },
  skip: windowsLimits,
});
