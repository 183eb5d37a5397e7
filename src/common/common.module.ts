import { Global, Module } from '@nestjs/common';
import { Clock } from './clock.js';
import { WakeUp } from './wake-up.js';

@Global()
@Module({ providers: [Clock, WakeUp], exports: [Clock, WakeUp] })
export class CommonModule {}
