import { Body, Controller, Get, HttpCode, Post, Query, StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { CurrentUser, type Principal, Roles } from '../../common/http/access.decorators.js';
import { ApiProblems } from '../../common/http/api-problems.decorator.js';
import { IdParam } from '../../common/http/id-param.js';
import {
  type ListOutbox,
  listOutbox,
  type OutboxPage,
  outboxPage,
  type OutboxView,
  outboxView,
  resolveOutbox,
  type ResolveOutbox,
  toOutboxView,
} from './outbox.dto.js';
import { OutboxQueryRepository } from './outbox-query.repository.js';
import { OutboxRepository } from './outbox.repository.js';
import { OutboxService } from './outbox.service.js';

@ApiTags('outbox')
@Controller('outbox')
export class DeliveryController {
  constructor(
    private readonly outbox: OutboxRepository,
    private readonly queries: OutboxQueryRepository,
    private readonly service: OutboxService,
  ) {}

  @Get()
  @Roles('viewer')
  @ApiOperation({ summary: 'List outgoing mail, newest first' })
  @ApiOkResponse({ standardSchema: outboxPage })
  @ApiProblems(400)
  async list(@Query({ schema: listOutbox }) query: ListOutbox): Promise<OutboxPage> {
    const { limit, cursor, ...filter } = query;
    const page = await this.queries.list(filter, { limit, cursor });
    return { ...page, items: page.items.map(toOutboxView) };
  }

  @Get(':id')
  @Roles('viewer')
  @ApiOperation({ summary: 'Read one outgoing mail with its attempts' })
  @ApiOkResponse({ standardSchema: outboxView })
  @ApiProblems(400, 404)
  async get(@IdParam() id: string): Promise<OutboxView> {
    return toOutboxView(await this.outbox.getById(id));
  }

  @Get(':id/raw')
  @Roles('viewer')
  @ApiOperation({ summary: 'Download the exact bytes that are sent' })
  @ApiProduces('message/rfc822')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  @ApiProblems(400, 404)
  async raw(@IdParam() id: string): Promise<StreamableFile> {
    const { mime } = await this.outbox.getById(id);
    // As a download: a browser must not show mail from this origin.
    return new StreamableFile(mime, {
      type: 'message/rfc822',
      disposition: `attachment; filename="${id}.eml"`,
      length: mime.length,
    });
  }

  @Post(':id/cancel')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Undo: stop a mail that has not been sent yet' })
  @ApiOkResponse({ standardSchema: outboxView })
  @ApiProblems(400, 404, 409)
  async cancel(@CurrentUser() user: Principal, @IdParam() id: string): Promise<OutboxView> {
    return toOutboxView(await this.service.cancel(id, user));
  }

  @Post(':id/resolve')
  @HttpCode(200)
  @Roles('agent')
  @ApiOperation({ summary: 'Settle a held mail: send the same bytes again, or never' })
  @ApiOkResponse({ standardSchema: outboxView })
  @ApiProblems(400, 404, 409)
  async resolve(
    @CurrentUser() user: Principal,
    @IdParam() id: string,
    @Body({ schema: resolveOutbox }) body: ResolveOutbox,
  ): Promise<OutboxView> {
    return toOutboxView(await this.service.resolve(id, body.action, user));
  }
}
