import { Global, Module } from '@nestjs/common';
import { Clock } from './clock.js';
import { LanguageDetector } from './text/language-detector.js';
import { WakeUp } from './wake-up.js';

@Global()
@Module({ providers: [Clock, WakeUp, LanguageDetector], exports: [Clock, WakeUp, LanguageDetector] })
export class CommonModule {}
