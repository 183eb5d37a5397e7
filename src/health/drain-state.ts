import { Injectable, type OnModuleDestroy } from '@nestjs/common';

/** True from the first moment of a shutdown: readiness answers 503 so that no new requests are sent here. */
@Injectable()
export class DrainState implements OnModuleDestroy {
  isDraining = false;

  onModuleDestroy(): void {
    this.isDraining = true;
  }
}
