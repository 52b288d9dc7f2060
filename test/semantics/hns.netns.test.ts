import { hnsBackEnd } from '../packets/back-ends.ts';
import { describeChanges } from './changes.ts';
import { describeSemantics } from './semantics.ts';

describeSemantics(hnsBackEnd);
describeChanges(hnsBackEnd, {});
