import { Body, Controller, Get, Patch, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import { CurrentUser, type Principal, Roles } from '../../common/http/access.decorators.js';
import { ApiProblems } from '../../common/http/api-problems.decorator.js';
import { IdParam } from '../../common/http/id-param.js';
import { EmailQueryRepository } from '../message/email-query.repository.js';
import * as dto from './thread.dto.js';
import { ThreadRepository } from './thread.repository.js';
import { ThreadService } from './thread.service.js';

@ApiTags('threads')
@Controller('threads')
export class ThreadController {
  constructor(
    private readonly threads: ThreadRepository,
    private readonly service: ThreadService,
    private readonly emails: EmailQueryRepository,
  ) {}

  @Get()
  @Roles('viewer')
  @ApiOperation({ summary: 'List threads, latest message first' })
  @ApiOkResponse({ standardSchema: dto.threadPage })
  @ApiProblems(400)
  async list(
    @Query({ schema: dto.threadsQuery }) { limit, cursor, ...filter }: dto.ThreadsQuery,
  ): Promise<dto.ThreadPage> {
    const page = await this.threads.list(filter, { limit, cursor });
    return { items: page.items.map(dto.toThreadView), nextCursor: page.nextCursor };
  }

  @Get(':id')
  @Roles('viewer')
  @ApiOperation({ summary: 'Read one thread with its emails' })
  @ApiOkResponse({ standardSchema: dto.threadDetailView })
  @ApiProblems(400, 404)
  async get(@IdParam() id: string): Promise<dto.ThreadDetailView> {
    const thread = await this.threads.getById(id);
    return dto.toThreadDetailView(thread, await this.emails.findByThread(id));
  }

  @Patch(':id')
  @Roles('agent')
  @ApiOperation({ summary: 'Change status or assignee' })
  @ApiOkResponse({ standardSchema: dto.threadView })
  @ApiProblems(400, 404)
  async update(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: dto.updateThread }) body: dto.UpdateThread,
  ): Promise<dto.ThreadView> {
    return dto.toThreadView(await this.service.update(id, body, user));
  }
}
