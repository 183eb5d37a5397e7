import { Controller, Get, Redirect } from '@nestjs/common';
import { ApiExcludeController } from '@nestjs/swagger';
import { Public } from './common/http/access.decorators.js';

/** A browser that opens the bare address lands on the documentation. */
@Public()
@ApiExcludeController()
@Controller()
export class RootController {
  @Get()
  @Redirect('/docs')
  toDocs(): void {
    // the decorator answers
  }
}
