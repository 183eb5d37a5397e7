import {
  Body,
  Controller,
  HttpCode,
  Post,
  Query,
  Req,
  UploadedFiles,
  UseGuards,
  UseInterceptors,
} from '@nestjs/common';
import { FilesInterceptor } from '@nestjs/platform-express';
import { ApiBearerAuth, ApiBody, ApiConsumes, ApiOAuth2, ApiOkResponse, ApiOperation, ApiTags } from '@nestjs/swagger';
import type { Request } from 'express';
import { invalidInput } from '../../common/errors.js';
import { Roles } from '../../common/http/access.decorators.js';
import { ApiProblems } from '../../common/http/api-problems.decorator.js';
import { MAX_UPLOAD_BYTES, UploadSizeGuard } from './upload-size.guard.js';
import { importFields, importQuery, type ImportQuery, type ImportResult, importResult } from './upload.dto.js';
import { ImportService } from './import.service.js';

const MAX_FILES = 50;

@ApiTags('emails')
@ApiBearerAuth()
@ApiOAuth2([])
@Controller('emails')
export class UploadController {
  constructor(private readonly imports: ImportService) {}

  @Post('import')
  @Roles('agent')
  @HttpCode(200)
  @UseGuards(UploadSizeGuard)
  @UseInterceptors(FilesInterceptor('file', MAX_FILES, { limits: { fileSize: MAX_UPLOAD_BYTES, fields: 10 } }))
  @ApiOperation({ summary: 'Take in mails from .eml or .mbox files, or one mail as message/rfc822 body' })
  @ApiConsumes('multipart/form-data', 'message/rfc822')
  @ApiBody({
    schema: {
      type: 'object',
      properties: {
        file: { type: 'array', items: { type: 'string', format: 'binary' } },
        mailboxId: { type: 'string', description: 'Mailbox that gets the mails; default the built-in one' },
      },
    },
  })
  @ApiOkResponse({ standardSchema: importResult })
  @ApiProblems(400, 404, 413)
  async import(
    @Req() request: Request,
    @Query({ schema: importQuery }) query: ImportQuery,
    @Body() fields: unknown,
    @UploadedFiles() files?: { buffer: Buffer }[],
  ): Promise<ImportResult> {
    if (files) return this.imports.upload(buffersOf(files), query.mailboxId ?? mailboxIdOf(fields));
    if (!request.is('message/rfc822')) throw invalidInput('Send multipart/form-data with files, or message/rfc822.');
    return this.imports.upload([await readBody(request)], query.mailboxId);
  }
}

const buffersOf = (files: { buffer: Buffer }[]): Buffer[] => files.map((file) => file.buffer);

function mailboxIdOf(fields: unknown): string | undefined {
  const parsed = importFields.safeParse(fields ?? {});
  if (!parsed.success) throw invalidInput('mailboxId must be an id of 24 lower-case hex digits.');
  return parsed.data.mailboxId;
}

/** No parser of the framework touches message/rfc822; the guard has bounded its length. */
async function readBody(request: Request): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
