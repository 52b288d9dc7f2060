import { ebpfBackEnd } from '../packets/back-ends.ts';
import { describeSemantics } from './semantics.ts';

describeSemantics(ebpfBackEnd);
