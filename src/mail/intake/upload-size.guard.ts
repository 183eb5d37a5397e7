import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import type { Request } from 'express';
import { AppError, invalidInput } from '../../common/errors.js';

/** Uploads are held in memory; for more there are the drop folder and `npm run import-mail`. */
export const MAX_UPLOAD_BYTES = 64 * 1024 * 1024;

/** Refuses an upload by its announced length, before a byte of it is read. */
@Injectable()
export class UploadSizeGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const length = context.switchToHttp().getRequest<Request>().headers['content-length'];
    if (length === undefined) throw invalidInput('The upload needs a Content-Length header.');
    if (Number(length) > MAX_UPLOAD_BYTES) {
      throw new AppError(
        'TOO_LARGE',
        `An upload may have ${MAX_UPLOAD_BYTES} bytes; import more with npm run import-mail.`,
      );
    }
    return true;
  }
}
