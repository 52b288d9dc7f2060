import { iptablesBackEnd } from '../packets/back-ends.ts';
import { describeSemantics } from './semantics.ts';

describeSemantics(iptablesBackEnd);
