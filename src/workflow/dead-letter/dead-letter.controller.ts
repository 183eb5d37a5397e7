import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentUser, type Principal, Roles } from '../../common/http/access.decorators.js';
import { ApiProblems } from '../../common/http/api-problems.decorator.js';
import { IdParam } from '../../common/http/id-param.js';
import type { Page, PageQuery } from '../../common/http/page.js';
import * as dto from './dead-letter.dto.js';
import { DeadLetterService } from './dead-letter.service.js';

@ApiTags('workflow')
@Controller('workflow/dead-letters')
export class DeadLetterController {
  constructor(private readonly deadLetters: DeadLetterService) {}

  @Get()
  @Roles('viewer')
  @ApiOperation({ summary: 'Mails in quarantine, newest first; their bytes are at GET /emails/{id}/raw' })
  @ApiOkResponse({ standardSchema: dto.deadLetterPage })
  @ApiProblems(400)
  async list(@Query({ schema: dto.listDeadLetters }) query: PageQuery): Promise<Page<dto.DeadLetterView>> {
    const page = await this.deadLetters.list(query);
    return { ...page, items: page.items.map(dto.toDeadLetterView) };
  }

  @Post('replay')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Replay several, of one error class if given' })
  @ApiOkResponse({ standardSchema: dto.bulkReplayResult })
  @ApiProblems(400)
  async replayMany(
    @CurrentUser() user: Principal,
    @Body({ schema: dto.bulkReplayBody }) body: dto.BulkReplayBody,
  ): Promise<dto.BulkReplayResult> {
    return { replayed: await this.deadLetters.replayMany(body, user) };
  }

  @Post(':id/replay')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Work on the mail again, from the failed step or from the start' })
  @ApiOkResponse({ standardSchema: dto.deadLetterState })
  @ApiProblems(400, 404, 409)
  async replay(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.replayBody }) body: dto.ReplayBody,
  ): Promise<dto.DeadLetterState> {
    const { state } = await this.deadLetters.replay(id, body, user);
    return { id, state };
  }

  @Post(':id/discard')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Take the mail out of quarantine without answering it' })
  @ApiOkResponse({ standardSchema: dto.deadLetterState })
  @ApiProblems(400, 404, 409)
  async discard(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.discardBody }) body: dto.DiscardBody,
  ): Promise<dto.DeadLetterState> {
    const { state } = await this.deadLetters.discard(id, body.reason, user);
    return { id, state };
  }
}
