import { Controller, Get, Header, Param, Query, type StreamableFile } from '@nestjs/common';
import { ApiOkResponse, ApiOperation, ApiProduces, ApiTags } from '@nestjs/swagger';
import { Roles } from '../../common/http/access.decorators.js';
import { ApiProblems } from '../../common/http/api-problems.decorator.js';
import { IdParam } from '../../common/http/id-param.js';
import { asDownload } from './download.js';
import { EmailQueryRepository } from './email-query.repository.js';
import {
  attachmentIndex,
  type AttachmentList,
  attachmentList,
  type EmailPage,
  emailPage,
  type EmailsQuery,
  emailsQuery,
  type EmailView,
  emailView,
} from './email.dto.js';
import { EmailRepository } from './email.repository.js';
import { toAttachmentViews, toEmailSummaryView, toEmailView } from './email.view.js';
import { MailFilesService } from './mail-files.service.js';

const binary = { schema: { type: 'string', format: 'binary' } } as const;

/** Reading emails; what people do with them is in workflow/review. */
@ApiTags('emails')
@Roles('viewer')
@Controller('emails')
export class EmailController {
  constructor(
    private readonly emails: EmailRepository,
    private readonly queries: EmailQueryRepository,
    private readonly files: MailFilesService,
  ) {}

  @Get()
  @ApiOperation({ summary: 'List emails, newest first' })
  @ApiOkResponse({ standardSchema: emailPage })
  @ApiProblems(400)
  async list(@Query({ schema: emailsQuery }) { limit, cursor, ...filter }: EmailsQuery): Promise<EmailPage> {
    const page = await this.queries.list(filter, { limit, cursor });
    return { items: page.items.map(toEmailSummaryView), nextCursor: page.nextCursor };
  }

  @Get(':id')
  @ApiOperation({ summary: 'Read one email: content, state, history, classification' })
  @ApiOkResponse({ standardSchema: emailView })
  @ApiProblems(400, 404)
  async get(@IdParam() id: string): Promise<EmailView> {
    return toEmailView(await this.emails.getById(id));
  }

  @Get(':id/raw')
  @Header('X-Content-Type-Options', 'nosniff')
  @ApiOperation({ summary: 'Download the mail as it arrived' })
  @ApiProduces('message/rfc822')
  @ApiOkResponse({ description: 'The untouched bytes', ...binary })
  @ApiProblems(400, 404)
  async raw(@IdParam() id: string): Promise<StreamableFile> {
    const bytes = await this.files.rawOf(id);
    return asDownload(bytes, `${id}.eml`, bytes.length, 'message/rfc822');
  }

  @Get(':id/attachments')
  @ApiOperation({ summary: 'List the attachments of an email' })
  @ApiOkResponse({ standardSchema: attachmentList })
  @ApiProblems(400, 404)
  async attachments(@IdParam() id: string): Promise<AttachmentList> {
    const email = await this.emails.getById(id);
    return { items: toAttachmentViews(email.parsed?.attachments ?? []) };
  }

  @Get(':id/attachments/:index')
  @Header('X-Content-Type-Options', 'nosniff')
  @ApiOperation({ summary: 'Download one attachment; never shown in place' })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ description: 'The bytes', ...binary })
  @ApiProblems(400, 404)
  async attachment(
    @IdParam() id: string,
    @Param('index', { schema: attachmentIndex }) index: number,
  ): Promise<StreamableFile> {
    const { attachment, content } = await this.files.attachmentOf(id, index);
    return asDownload(content, attachment.filename, attachment.size);
  }
}
