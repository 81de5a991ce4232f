extension Asset {
  /// What the gateway and the auth service answer, in the form of OpenAPI 3.1 (spec.openapis.org/oas/v3.1.1). `DescriptionTests`
  /// compares it with the routes, and `etc/test http` with the answers.
  static let openAPI = Asset(
    type: "application/yaml",
    #"""
    openapi: 3.1.0
    info:
      title: mp3spool
      version: "1"
      summary: Turns videos into MP3s.
      license: { name: MIT, identifier: MIT }
      description: |
        A video is sent, a job comes of it, and when the job is done its MP3 can be fetched:

            TOKEN=$(curl -sS -u EMAIL:PASSWORD -X POST http://127.0.0.1:8080/login)
            curl -sS -H "Authorization: Bearer $TOKEN" -F file=@video.mp4 http://127.0.0.1:8080/upload
            curl -sS -H "Authorization: Bearer $TOKEN" "http://127.0.0.1:8080/jobs/FID?wait=30"
            curl -sS -H "Authorization: Bearer $TOKEN" -OJ "http://127.0.0.1:8080/download?fid=FID"

        **Two servers.** All of this is the gateway's. The auth service, on a port of its own, has `/login`, `/tokens`,
        `/users`, `/healthz`, and what names it as its server below.

        **Errors** are a status and a sentence, as plain text; whoever prefers `application/json` or
        `application/problem+json` in `Accept` gets problem details (RFC 9457). 401 means that there are no credentials,
        403 that those that came are not accepted or not enough. Other people's jobs, uploads and tokens do not exist
        (404), except for admins. 500 stands nowhere below: it is always a fault of the service.

        **Every request** can be refused before its path is looked at, in plain text, and the connection ends with it:
        400 for what is not proper HTTP, 408 for what comes too slowly, 431 for a head of more than 100 fields or 32
        KiB, 501 for another Transfer-Encoding than chunked, 503 for too many connections from one address, 505 for
        another version of HTTP.

        **Every path** answers HEAD where it answers GET, with the same head. A method that a path does not have is 405
        with `Allow`, a path that does not exist is 404.

        Times are ISO 8601, lengths of files are bytes, lengths of recordings are seconds.
    servers:
      - url: /
        description: The gateway.
    tags:
      - name: accounts
        description: Logging in, and API tokens for programs.
      - name: uploads
        description: A video in one request.
      - name: resumable uploads
        description: |
          A video in as many requests as the network makes of it: [tus 1.0](https://tus.io/protocols/resumable-upload)
          with creation, creation-with-upload, creation-defer-length, expiration, checksum and termination. An upload's
          id is the `fid` of the job that it becomes. Where a network lets only GET and POST through,
          `X-HTTP-Method-Override` names the method.
      - name: jobs
        description: What became of what was sent.
      - name: results
        description: The MP3s.
      - name: notices
        description: Being told of the ends of jobs, by webhooks and mail.
      - name: administration
        description: What admins look after.
      - name: service
        description: The service about itself; open to everybody.
    security:
      - bearer: []

    paths:
      /login:
        post:
          operationId: login
          tags: [accounts]
          summary: Log in
          description: |
            Exchanges an email and a password for an access token, which is valid for 24 hours. After five wrong
            passwords an account's next try is 429 for a while that grows, and one address may try only so often.
          security: [{ basic: [] }]
          responses:
            "200":
              description: The access token, a JWT, and nothing else.
              content:
                text/plain:
                  schema: { type: string, pattern: '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$' }
                  example: eyJhbGciOiJFZERTQSJ9.eyJ1c2VybmFtZSI6ImFubkBleGFtcGxlLm9yZyJ9.c2lnbmF0dXJl
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "429": { $ref: "#/components/responses/TooMany" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /validate:
        servers: [{ url: "http://127.0.0.1:5000", description: The auth service. }]
        post:
          operationId: validate
          tags: [accounts]
          summary: Tell whose a token is
          description: |
            For other services: says whether a token is accepted at this moment, and whose it is. Disabled accounts,
            revoked tokens and tokens from before a new password are not.
          responses:
            "200":
              description: The token is good, and these are its claims.
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/Claims" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /.well-known/jwks.json:
        servers: [{ url: "http://127.0.0.1:5000", description: The auth service. }]
        get:
          operationId: getKeys
          tags: [accounts]
          summary: The public keys
          description: What others check access tokens with (RFC 7517). Empty where a shared secret signs them.
          security: []
          responses:
            "200":
              description: A JSON Web Key Set of Ed25519 keys.
              content:
                application/jwk-set+json:
                  schema: { $ref: "#/components/schemas/KeySet" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /tokens:
        get:
          operationId: listTokens
          tags: [accounts]
          summary: List API tokens
          description: |
            The caller's API tokens, oldest first, without the tokens themselves. It takes a login, or an API token with
            the scope `admin`.
          parameters:
            - name: user
              in: query
              description: Another user's email, for admins.
              schema: { type: string }
              example: ann@example.org
          responses:
            "200":
              description: The tokens.
              headers:
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/TokenList" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
        post:
          operationId: makeToken
          tags: [accounts]
          summary: Make an API token
          description: |
            A token for a program, which can be revoked. It is shown in this answer and never again. Nobody can give
            scopes that they do not have.
          requestBody:
            required: true
            description: At most 16 KiB.
            content:
              application/json:
                schema: { $ref: "#/components/schemas/TokenWish" }
                example: { name: backup, scopes: [download], days: 90 }
              application/x-www-form-urlencoded:
                schema: { $ref: "#/components/schemas/TokenForm" }
                example: { name: backup, scopes: "upload,download", days: 90 }
          responses:
            "201":
              description: The token.
              headers:
                Location:
                  description: Where it can be revoked.
                  required: true
                  schema: { type: string, pattern: "^/tokens/[0-9a-f]{16}$" }
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/Token" }
              links:
                revoke:
                  operationId: revokeToken
                  parameters: { id: "$response.body#/id" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "413": { $ref: "#/components/responses/TooLarge" }
            "415": { $ref: "#/components/responses/UnknownType" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /tokens/{id}:
        delete:
          operationId: revokeToken
          tags: [accounts]
          summary: Revoke an API token
          description: Ends a token of the caller's, for admins anybody's, from the next request on.
          parameters:
            - name: id
              in: path
              required: true
              description: The token's id, as the list has it.
              schema: { type: string, minLength: 1 }
              example: 0123456789abcdef
          responses:
            "204":
              description: It is no good any more.
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /quota:
        get:
          operationId: getQuota
          tags: [accounts]
          summary: Tell what one has, and may have
          description: How much of the caller's is stored, converted and waiting, with the limits where there are some.
          responses:
            "200":
              description: Use and limits.
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/Quota" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /retention:
        get:
          operationId: getRetention
          tags: [jobs]
          summary: Tell for how long things stay
          description: |
            In seconds; null where the service itself removes nothing. Jobs that have ended go by the command `clean`,
            whose caller says how old they must be, so they are null.
          responses:
            "200":
              description: How long.
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/Retention" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /upload:
        post:
          operationId: uploadForm
          tags: [uploads]
          summary: Send a video with a form
          description: |
            Exactly one part of the form is a file, under any name; the other fields are options, which go before those
            of the query. When this is answered, the job is durable. Only admins upload, unless the setting `upload-by`
            is `user`.

            Bytes that were converted for the same person before, with the same options, are answered with that job and
            `"duplicate": true`. An unknown query parameter or field is 400.
          parameters:
            - $ref: "#/components/parameters/Preset"
            - $ref: "#/components/parameters/Track"
            - $ref: "#/components/parameters/Language"
            - $ref: "#/components/parameters/Rate"
            - $ref: "#/components/parameters/Channels"
            - $ref: "#/components/parameters/Trim"
            - $ref: "#/components/parameters/Loudness"
            - $ref: "#/components/parameters/Duplicate"
            - $ref: "#/components/parameters/Webhook"
            - $ref: "#/components/parameters/Mail"
            - $ref: "#/components/parameters/IdempotencyKey"
          requestBody:
            required: true
            content:
              multipart/form-data:
                schema: { $ref: "#/components/schemas/UploadForm" }
          responses:
            "200": { $ref: "#/components/responses/Accepted" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "413": { $ref: "#/components/responses/TooLarge" }
            "422": { $ref: "#/components/responses/OtherUpload" }
            "429": { $ref: "#/components/responses/TooMany" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
            "507": { $ref: "#/components/responses/NoSpace" }

      /upload/{name}:
        put:
          operationId: uploadBytes
          tags: [uploads]
          summary: Send a video as it is
          description: |
            The body is the file, its length announced or not, as `curl -T video.mp4 …/upload/` and `… | curl -T -
            …/upload/NAME` send it. Else like the form.
          parameters:
            - name: name
              in: path
              required: true
              description: >-
                The file's name, without slashes, backslashes and control characters; at most 255 bytes of UTF-8.
              schema: { type: string, format: file-name, minLength: 1, maxLength: 255 }
              example: video.mp4
            - $ref: "#/components/parameters/Preset"
            - $ref: "#/components/parameters/Track"
            - $ref: "#/components/parameters/Language"
            - $ref: "#/components/parameters/Rate"
            - $ref: "#/components/parameters/Channels"
            - $ref: "#/components/parameters/Trim"
            - $ref: "#/components/parameters/Loudness"
            - $ref: "#/components/parameters/Duplicate"
            - $ref: "#/components/parameters/Webhook"
            - $ref: "#/components/parameters/Mail"
            - $ref: "#/components/parameters/IdempotencyKey"
          requestBody:
            required: true
            description: The video. Its Content-Type does not matter.
            content:
              application/octet-stream: {}
          responses:
            "200": { $ref: "#/components/responses/Accepted" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "413": { $ref: "#/components/responses/TooLarge" }
            "422": { $ref: "#/components/responses/OtherUpload" }
            "429": { $ref: "#/components/responses/TooMany" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
            "507": { $ref: "#/components/responses/NoSpace" }

      /files:
        options:
          operationId: getTusCapabilities
          tags: [resumable uploads]
          summary: What of tus is spoken here
          security: []
          responses:
            "204": { $ref: "#/components/responses/TusCapabilities" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
        post:
          operationId: beginUpload
          tags: [resumable uploads]
          summary: Begin a resumable upload
          description: |
            Says how large the file is, or by `Upload-Defer-Length` that this will be said later: one of the two. With
            the Content-Type `application/offset+octet-stream` the body is the file's beginning. Options can stand in
            the query, and in `Upload-Metadata`, which goes before it.
          parameters:
            - $ref: "#/components/parameters/TusResumable"
            - name: Upload-Length
              in: header
              description: The size of the whole file.
              schema: { type: integer, format: int64, minimum: 0 }
              example: 1048576
            - name: Upload-Defer-Length
              in: header
              description: The size is not known yet.
              schema: { type: string, enum: ["1"] }
            - name: Upload-Metadata
              in: header
              description: |
                Keys, each with its value in Base64, with commas between: `filename`, and options by the names of the
                query parameters. `filetype`, `type`, `contentType`, `relativePath`, `lastModified` and `size` are not
                looked at; any other key is 400.
              schema: { type: string, format: tus-metadata }
              example: filename dmlkZW8ubXA0,preset djI=
            - $ref: "#/components/parameters/UploadChecksum"
            - $ref: "#/components/parameters/Preset"
            - $ref: "#/components/parameters/Track"
            - $ref: "#/components/parameters/Language"
            - $ref: "#/components/parameters/Rate"
            - $ref: "#/components/parameters/Channels"
            - $ref: "#/components/parameters/Trim"
            - $ref: "#/components/parameters/Loudness"
            - $ref: "#/components/parameters/Duplicate"
            - $ref: "#/components/parameters/Webhook"
            - $ref: "#/components/parameters/Mail"
            - $ref: "#/components/parameters/IdempotencyKey"
          requestBody:
            content:
              application/offset+octet-stream: {}
          responses:
            "201":
              description: The upload is there, with the bytes that came.
              headers:
                Tus-Resumable: { $ref: "#/components/headers/TusResumable" }
                Location:
                  description: The upload's address.
                  required: true
                  schema: { type: string, pattern: "^/files/[0-7][0-9A-HJKMNP-TV-Z]{25}$" }
                Upload-Offset: { $ref: "#/components/headers/UploadOffset" }
                Upload-Expires: { $ref: "#/components/headers/UploadExpires" }
                Mp3spool-Fid: { $ref: "#/components/headers/Fid" }
                Mp3spool-Duplicate: { $ref: "#/components/headers/IsDuplicate" }
                Idempotency-Replayed: { $ref: "#/components/headers/Replayed" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "412": { $ref: "#/components/responses/OtherVersion" }
            "413": { $ref: "#/components/responses/TooLarge" }
            "415": { $ref: "#/components/responses/UnknownType" }
            "422": { $ref: "#/components/responses/OtherUpload" }
            "423": { $ref: "#/components/responses/Locked" }
            "429": { $ref: "#/components/responses/TooMany" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "460": { $ref: "#/components/responses/WrongChecksum" }
            "503": { $ref: "#/components/responses/Unavailable" }
            "507": { $ref: "#/components/responses/NoSpace" }

      /files/{fid}:
        parameters:
          - $ref: "#/components/parameters/Fid"
        options:
          operationId: getTusCapabilitiesOfUpload
          tags: [resumable uploads]
          summary: What of tus is spoken here
          description: The same for every upload, be it there or not.
          security: []
          parameters:
            - name: fid
              in: path
              required: true
              description: Not looked at.
              schema: { type: string, minLength: 1 }
          responses:
            "204": { $ref: "#/components/responses/TusCapabilities" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
        head:
          operationId: getUpload
          tags: [resumable uploads]
          summary: Where an upload stands
          description: >-
            How many bytes are durable, which is where the client goes on. As any answer to HEAD these have no body.
          parameters:
            - $ref: "#/components/parameters/TusResumable"
          responses:
            "200":
              description: The upload, or the job that it has become.
              headers:
                Tus-Resumable: { $ref: "#/components/headers/TusResumable" }
                Cache-Control: { $ref: "#/components/headers/NoStore" }
                Upload-Offset: { $ref: "#/components/headers/UploadOffset" }
                Upload-Length:
                  description: The size of the whole file, once it is known.
                  schema: { type: integer, format: int64, minimum: 0 }
                Upload-Defer-Length:
                  description: The size is not known yet.
                  schema: { type: string, enum: ["1"] }
                Upload-Metadata:
                  description: What the client said of the file.
                  schema: { type: string }
                Upload-Expires: { $ref: "#/components/headers/UploadExpires" }
                Mp3spool-Fid: { $ref: "#/components/headers/Fid" }
                Mp3spool-Duplicate: { $ref: "#/components/headers/IsDuplicate" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "410": { $ref: "#/components/responses/Gone" }
            "412": { $ref: "#/components/responses/OtherVersion" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
        patch:
          operationId: continueUpload
          tags: [resumable uploads]
          summary: Send the next bytes
          description: |
            The body belongs behind the bytes that are there. What came of a body that broke off counts, unless it has a
            checksum. The last byte makes the job. One request at a time writes to an upload: another one is 423.
          parameters:
            - $ref: "#/components/parameters/TusResumable"
            - name: Upload-Offset
              in: header
              required: true
              description: How many bytes are there already.
              schema: { type: integer, format: int64, minimum: 0 }
              example: 0
            - name: Upload-Length
              in: header
              description: The size of the whole file, where it was deferred.
              schema: { type: integer, format: int64, minimum: 0 }
            - $ref: "#/components/parameters/UploadChecksum"
          requestBody:
            required: true
            content:
              application/offset+octet-stream: {}
          responses:
            "204": { $ref: "#/components/responses/BytesTaken" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "410": { $ref: "#/components/responses/Gone" }
            "412": { $ref: "#/components/responses/OtherVersion" }
            "413": { $ref: "#/components/responses/TooLarge" }
            "415": { $ref: "#/components/responses/UnknownType" }
            "423": { $ref: "#/components/responses/Locked" }
            "429": { $ref: "#/components/responses/TooMany" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "460": { $ref: "#/components/responses/WrongChecksum" }
            "503": { $ref: "#/components/responses/Unavailable" }
            "507": { $ref: "#/components/responses/NoSpace" }
        delete:
          operationId: endUpload
          tags: [resumable uploads]
          summary: Give an upload up
          description: Removes what came of it. One that has become a job is removed by `DELETE /jobs/{fid}`.
          parameters:
            - $ref: "#/components/parameters/TusResumable"
          responses:
            "204":
              description: It is gone.
              headers:
                Tus-Resumable: { $ref: "#/components/headers/TusResumable" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "410": { $ref: "#/components/responses/Gone" }
            "412": { $ref: "#/components/responses/OtherVersion" }
            "423": { $ref: "#/components/responses/Locked" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
        post:
          operationId: postToUpload
          tags: [resumable uploads]
          summary: PATCH, HEAD or DELETE where only POST gets through
          description: >-
            Does and answers what the method in `X-HTTP-Method-Override` would; without it there is nothing to post.
          parameters:
            - $ref: "#/components/parameters/TusResumable"
            - name: X-HTTP-Method-Override
              in: header
              required: true
              schema: { type: string, enum: [PATCH, HEAD, DELETE] }
              example: PATCH
            - name: Upload-Offset
              in: header
              description: As for PATCH.
              schema: { type: integer, format: int64, minimum: 0 }
            - name: Upload-Length
              in: header
              description: As for PATCH.
              schema: { type: integer, format: int64, minimum: 0 }
            - $ref: "#/components/parameters/UploadChecksum"
          requestBody:
            content:
              application/offset+octet-stream: {}
          responses:
            "200":
              description: As for HEAD.
              headers:
                Tus-Resumable: { $ref: "#/components/headers/TusResumable" }
                Upload-Offset: { $ref: "#/components/headers/UploadOffset" }
            "204":
              description: As for PATCH and DELETE.
              headers:
                Tus-Resumable: { $ref: "#/components/headers/TusResumable" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "405": { $ref: "#/components/responses/NotAllowed" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "410": { $ref: "#/components/responses/Gone" }
            "412": { $ref: "#/components/responses/OtherVersion" }
            "413": { $ref: "#/components/responses/TooLarge" }
            "415": { $ref: "#/components/responses/UnknownType" }
            "423": { $ref: "#/components/responses/Locked" }
            "429": { $ref: "#/components/responses/TooMany" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "460": { $ref: "#/components/responses/WrongChecksum" }
            "503": { $ref: "#/components/responses/Unavailable" }
            "507": { $ref: "#/components/responses/NoSpace" }

      /jobs:
        get:
          operationId: listJobs
          tags: [jobs]
          summary: List jobs
          description: The caller's own jobs, and everybody's for admins, newest first, page by page.
          parameters:
            - name: state
              in: query
              description: Only jobs in this state.
              schema: { $ref: "#/components/schemas/JobState" }
            - name: owner
              in: query
              description: Only this person's jobs, for admins; nobody else is listened to.
              schema: { type: string }
            - name: text
              in: query
              description: Only jobs whose file name has this in it, in small letters or capitals.
              schema: { type: string }
            - name: limit
              in: query
              description: How many, at most.
              schema: { type: integer, minimum: 1, maximum: 1000, default: 100 }
            - name: before
              in: query
              description: Where the page begins, which is the `next` of the page before it.
              schema: { type: string, pattern: "^[0-9]{1,18}-[0-7][0-9A-HJKMNP-TV-Z]{25}$" }
          responses:
            "200":
              description: A page.
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/JobPage" }
              links:
                next:
                  operationId: listJobs
                  parameters: { before: "$response.body#/next" }
                  description: The next page, where there is one.
                newest:
                  operationId: getJob
                  parameters: { fid: "$response.body#/jobs/0/fid" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /jobs/{fid}:
        parameters:
          - $ref: "#/components/parameters/Fid"
        get:
          operationId: getJob
          tags: [jobs]
          summary: Show a job
          description: |
            With `wait` the answer comes when the job is in another state or attempt, and after so many seconds at the
            latest; a job that has ended does not wait.
          parameters:
            - name: wait
              in: query
              description: Seconds.
              schema: { type: integer, minimum: 0, maximum: 60, default: 0 }
          responses:
            "200":
              description: The job.
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/Job" }
              links:
                download:
                  operationId: download
                  parameters: { fid: "$response.body#/fid" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
        delete:
          operationId: deleteJob
          tags: [jobs]
          summary: Cancel or remove a job
          description: |
            A job that waits or is being converted is cancelled: it ends as failed, and can be removed then. One that
            has ended is removed with its source and its MP3s.
          responses:
            "204":
              description: It is cancelled, or gone.
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /jobs/{fid}/retry:
        parameters:
          - $ref: "#/components/parameters/Fid"
        post:
          operationId: retryJob
          tags: [jobs]
          summary: Try a failed job again
          responses:
            "202":
              description: It waits again.
              headers:
                Location:
                  description: The job.
                  required: true
                  schema: { type: string, pattern: "^/jobs/[0-7][0-9A-HJKMNP-TV-Z]{25}$" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /jobs/{fid}/link:
        parameters:
          - $ref: "#/components/parameters/Fid"
        post:
          operationId: linkJob
          tags: [results]
          summary: Make a link to an MP3
          description: Anybody who has the link can fetch the job's MP3s until it expires, without a token.
          parameters:
            - name: expires
              in: query
              description: For how many seconds it is good.
              schema: { type: integer, minimum: 1, maximum: 2678400, default: 86400 }
          responses:
            "201":
              description: The link.
              headers:
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/Link" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /jobs/{fid}/waveform:
        parameters:
          - $ref: "#/components/parameters/Fid"
        get:
          operationId: getWaveform
          tags: [results]
          summary: Fetch an MP3's waveform
          description: |
            How high the samples go along the time, for a picture. 404 where there is none: the job is not done, the
            MP3's frames were copied, or an older version made it.
          parameters:
            - $ref: "#/components/parameters/TrackNumber"
            - $ref: "#/components/parameters/IfNoneMatch"
          responses:
            "200":
              description: The waveform.
              headers:
                ETag: { $ref: "#/components/headers/ETag" }
                Cache-Control: { $ref: "#/components/headers/Immutable" }
                Vary: { $ref: "#/components/headers/VaryAuthorization" }
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/Waveform" }
            "304": { $ref: "#/components/responses/NotModified" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /jobs/{fid}/cover:
        parameters:
          - $ref: "#/components/parameters/Fid"
        get:
          operationId: getCover
          tags: [results]
          summary: Fetch an MP3's cover
          description: The picture in the MP3's tag, as its source had it. 404 where there is none.
          parameters:
            - $ref: "#/components/parameters/TrackNumber"
            - $ref: "#/components/parameters/IfNoneMatch"
          responses:
            "200":
              description: The picture.
              headers:
                ETag: { $ref: "#/components/headers/ETag" }
                Cache-Control: { $ref: "#/components/headers/Immutable" }
                Vary: { $ref: "#/components/headers/VaryAuthorization" }
                X-Content-Type-Options: { $ref: "#/components/headers/NoSniff" }
                Content-Security-Policy:
                  description: The picture may do nothing.
                  required: true
                  schema: { type: string, const: "default-src 'none'" }
              content:
                image/jpeg: {}
                image/png: {}
                image/gif: {}
                image/webp: {}
            "304": { $ref: "#/components/responses/NotModified" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /events:
        get:
          operationId: followEvents
          tags: [jobs]
          summary: Be told what happens to jobs
          description: |
            Server-sent events about the caller's jobs, and everybody's for admins, for as long as the client listens. A
            comment every 15 seconds shows that the connection is alive.

            | event | data | |
            |---|---|---|
            | `job` | a job, as `GET /jobs/{fid}` has it | it came, or came to another state |
            | `progress` | the same | its conversion got further; it has no id |
            | `removed` | `{"fid": …}` | |
            | `reset` | `{}` | `Last-Event-ID` is too old: read `GET /jobs` anew |
          parameters:
            - name: Last-Event-ID
              in: header
              description: >-
                The last event that the client saw. What came after it is told first. An empty one is as none.
              schema:
                anyOf:
                  - { type: integer, format: int64, minimum: 0 }
                  - { type: string, maxLength: 0 }
          responses:
            "200":
              description: Events, without an end.
              headers:
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                text/event-stream:
                  schema: { $ref: "#/components/schemas/Event" }
                  example: "id: 17\nevent: removed\ndata: {\"fid\":\"01JDN4Q5J8Z6M2V7X3K9T0B1CD\"}\n\n"
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /download:
        get:
          operationId: download
          tags: [results]
          summary: Fetch an MP3
          description: |
            Whole or in parts, by a token or by a link. Where all tracks were asked for, `track` chooses one of the
            MP3s. 409 while the job is not done, 410 where it failed or has expired.
          security: [{ bearer: [] }, { link: [] }]
          parameters:
            - name: fid
              in: query
              required: true
              description: The job.
              schema: { $ref: "#/components/schemas/Fid" }
              example: 01JDN4Q5J8Z6M2V7X3K9T0B1CD
            - $ref: "#/components/parameters/TrackNumber"
            - name: expires
              in: query
              description: A link's end, in seconds since 1970; only with its `signature`.
              schema: { type: string }
              example: "1767323045"
            - $ref: "#/components/parameters/Range"
            - $ref: "#/components/parameters/IfRange"
            - $ref: "#/components/parameters/IfNoneMatch"
          responses:
            "200": { $ref: "#/components/responses/Audio" }
            "206": { $ref: "#/components/responses/AudioPart" }
            "304": { $ref: "#/components/responses/NotModified" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "410": { $ref: "#/components/responses/Gone" }
            "416": { $ref: "#/components/responses/NotInFile" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /feed:
        post:
          operationId: makeFeed
          tags: [results]
          summary: Make a podcast of one's MP3s
          description: |
            Gives the caller a feed with a secret address, which a player can read that knows nothing of tokens. It is
            shown once; an earlier address is no good any more.
          responses:
            "201":
              description: The feed's address.
              headers:
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/Feed" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
        delete:
          operationId: endFeed
          tags: [results]
          summary: End the podcast
          description: One that is not there is no failure.
          responses:
            "204":
              description: There is no feed any more.
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /feed/{secret}:
        get:
          operationId: getFeed
          tags: [results]
          summary: The podcast
          description: RSS 2.0 with the newest finished jobs, an episode for each MP3.
          security: []
          parameters:
            - name: secret
              in: path
              required: true
              description: The secret with `.xml` behind it, as `POST /feed` gave it.
              schema: { type: string, pattern: '^[A-Za-z0-9_-]{43}\.xml$' }
              example: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.xml
          responses:
            "200":
              description: The feed.
              headers:
                Cache-Control: { $ref: "#/components/headers/Revalidated" }
              content:
                application/rss+xml:
                  schema: { type: string }
            "400": { $ref: "#/components/responses/BadRequest" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /feed/{secret}/{episode}:
        get:
          operationId: getEpisode
          tags: [results]
          summary: An episode of the podcast
          description: One MP3 of a job of the feed's owner, whole or in parts.
          security: []
          parameters:
            - name: secret
              in: path
              required: true
              description: The feed's secret.
              schema: { type: string, pattern: "^[A-Za-z0-9_-]{43}$" }
              example: AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
            - name: episode
              in: path
              required: true
              description: The job and the track, as the feed has them.
              schema: { type: string, pattern: '^[0-7][0-9A-HJKMNP-TV-Z]{25}-[0-9]{1,9}\.mp3$' }
              example: 01JDN4Q5J8Z6M2V7X3K9T0B1CD-1.mp3
            - $ref: "#/components/parameters/Range"
            - $ref: "#/components/parameters/IfRange"
            - $ref: "#/components/parameters/IfNoneMatch"
          responses:
            "200": { $ref: "#/components/responses/Audio" }
            "206": { $ref: "#/components/responses/AudioPart" }
            "304": { $ref: "#/components/responses/NotModified" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "416": { $ref: "#/components/responses/NotInFile" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /webhooks:
        get:
          operationId: listWebhooks
          tags: [notices]
          summary: List webhooks
          description: The caller's own, and everybody's for admins.
          parameters:
            - name: owner
              in: query
              description: Only this person's, for admins; nobody else is listened to.
              schema: { type: string }
          responses:
            "200":
              description: The webhooks, without their secret.
              headers:
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/WebhookList" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
        post:
          operationId: addWebhook
          tags: [notices]
          summary: Have a URL told of the ends of one's jobs
          description: |
            At the end of each of the caller's jobs the URL gets a POST, signed by `Mp3spool-Signature: t=SECONDS,v1=HEX`,
            where HEX is the HMAC-SHA256 of `SECONDS.BODY` under the caller's signing secret. Its host must have a public
            address, unless the service's settings allow others.
          requestBody:
            required: true
            description: At most 16 KiB.
            content:
              application/json:
                schema:
                  type: object
                  required: [url]
                  properties:
                    url: { type: string, format: webhook-url }
                example: { url: "https://192.0.2.1/hook" }
          responses:
            "201":
              description: The webhook, with the signing secret where it was made just now.
              headers:
                Location:
                  description: Where it can be removed.
                  required: true
                  schema: { type: string, pattern: "^/webhooks/[0-9a-f]{16}$" }
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/Webhook" }
              links:
                remove:
                  operationId: removeWebhook
                  parameters: { id: "$response.body#/id" }
                test:
                  operationId: testWebhook
                  parameters: { id: "$response.body#/id" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "413": { $ref: "#/components/responses/TooLarge" }
            "415": { $ref: "#/components/responses/UnknownType" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /webhooks/secret:
        post:
          operationId: renewWebhookSecret
          tags: [notices]
          summary: Make a new signing secret
          description: |
            All of a person's webhooks are signed with it from here on, those of single uploads as well. It is shown once; an
            earlier one is no good any more.
          responses:
            "201":
              description: The secret.
              headers:
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                application/json:
                  schema:
                    type: object
                    required: [secret]
                    properties:
                      secret: { type: string, pattern: "^[A-Za-z0-9_-]{43}$" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /webhooks/{id}:
        delete:
          operationId: removeWebhook
          tags: [notices]
          summary: Remove a webhook
          description: It is gone, with what was to be told to it; for admins anybody's.
          parameters:
            - $ref: "#/components/parameters/WebhookID"
          responses:
            "204":
              description: There is no such webhook any more.
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /webhooks/{id}/test:
        post:
          operationId: testWebhook
          tags: [notices]
          summary: Send a ping
          description: The URL gets a webhook with the event `ping` and without a job, soon.
          parameters:
            - $ref: "#/components/parameters/WebhookID"
          responses:
            "202": { $ref: "#/components/responses/Planned" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /webhooks/deliveries:
        get:
          operationId: listDeliveries
          tags: [notices]
          summary: Show the log
          description: |
            Webhooks and mails that were sent, or will be, newest first, page by page: the caller's own, and everybody's for
            admins. The log goes back 30 days.
          parameters:
            - name: webhook
              in: query
              description: Only those of the webhook with this id.
              schema: { type: string }
            - name: fid
              in: query
              description: Only those about this job.
              schema: { $ref: "#/components/schemas/Fid" }
            - name: state
              in: query
              description: Only those in this state.
              schema: { $ref: "#/components/schemas/DeliveryState" }
            - name: owner
              in: query
              description: Only this person's, for admins; nobody else is listened to.
              schema: { type: string }
            - name: limit
              in: query
              description: How many, at most.
              schema: { type: integer, minimum: 1, maximum: 1000, default: 100 }
            - name: before
              in: query
              description: Where the page begins, which is the `next` of the page before it.
              schema: { type: integer, format: int64, minimum: 1 }
          responses:
            "200":
              description: A page.
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/DeliveryPage" }
              links:
                next:
                  operationId: listDeliveries
                  parameters: { before: "$response.body#/next" }
                  description: The next page, where there is one.
                again:
                  operationId: resendDelivery
                  parameters: { number: "$response.body#/deliveries/0/number" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /webhooks/deliveries/{number}/resend:
        post:
          operationId: resendDelivery
          tags: [notices]
          summary: Send a delivery again
          description: As soon as may be, with all its tries; the receiver knows it by its id.
          parameters:
            - name: number
              in: path
              required: true
              description: The delivery's number, as the log has it.
              schema: { type: integer, format: int64, minimum: 1 }
              example: 1
          responses:
            "202": { $ref: "#/components/responses/Planned" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /notices:
        get:
          operationId: getNotices
          tags: [notices]
          summary: Tell whether one gets mail
          description: What the caller wants to be told in general; an upload may say something else of itself.
          responses:
            "200": { $ref: "#/components/responses/Notices" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
        put:
          operationId: setNotices
          tags: [notices]
          summary: Say whether one wants mail
          description: A mail to the account's address at the end of each job.
          requestBody:
            required: true
            description: At most 16 KiB.
            content:
              application/json:
                schema:
                  type: object
                  required: [mail]
                  properties:
                    mail: { type: boolean }
                example: { mail: false }
          responses:
            "200": { $ref: "#/components/responses/Notices" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "413": { $ref: "#/components/responses/TooLarge" }
            "415": { $ref: "#/components/responses/UnknownType" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /users:
        get:
          operationId: listUsers
          tags: [administration]
          summary: List the users
          description: |
            All accounts in the order of their emails, for admins, with what each has and may have. Where the gateway
            asks an auth service with a database of its own, amounts and limits are those of that database.
          responses:
            "200":
              description: The users.
              headers:
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/UserList" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }
        post:
          operationId: addUser
          tags: [administration]
          summary: Add a user
          description: 409 where somebody has the email, in capital or small letters.
          requestBody:
            required: true
            description: At most 16 KiB.
            content:
              application/json:
                schema: { $ref: "#/components/schemas/NewUser" }
          responses:
            "201":
              description: The user.
              headers:
                Location:
                  description: Where the user can be changed.
                  required: true
                  schema: { type: string, pattern: "^/users/[0-9]+$" }
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/User" }
              links:
                change:
                  operationId: changeUser
                  parameters: { id: "$response.body#/id" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "413": { $ref: "#/components/responses/TooLarge" }
            "415": { $ref: "#/components/responses/UnknownType" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /users/{id}:
        patch:
          operationId: changeUser
          tags: [administration]
          summary: Change a user
          description: |
            Changes what the body has, all of it or nothing. A disabled user's logins and tokens are refused from the
            next request on; a new password ends the logins that there are. 409 where admins would disable themselves or
            take their own rights away.
          parameters:
            - name: id
              in: path
              required: true
              description: The user's id, as the list has it.
              schema: { type: integer, format: int64, minimum: 1 }
              example: 7
          requestBody:
            required: true
            description: At most 16 KiB.
            content:
              application/json:
                schema: { $ref: "#/components/schemas/ChangedUser" }
          responses:
            "200":
              description: The user as it is now.
              headers:
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/User" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "404": { $ref: "#/components/responses/NotFound" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "409": { $ref: "#/components/responses/Conflict" }
            "413": { $ref: "#/components/responses/TooLarge" }
            "415": { $ref: "#/components/responses/UnknownType" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /hosts:
        get:
          operationId: listHosts
          tags: [administration]
          summary: List the converters
          description: |
            The converters that share the spool, and what each works on, for admins. A converter beats every five
            seconds; one that has not done so for 30 s is called silent, and one that the others gave up dead.
          responses:
            "200":
              description: The converters, by their hosts' names.
              headers:
                Cache-Control: { $ref: "#/components/headers/NoStore" }
              content:
                application/json:
                  schema: { $ref: "#/components/schemas/HostList" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "401": { $ref: "#/components/responses/Unauthorized" }
            "403": { $ref: "#/components/responses/Forbidden" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /healthz:
        get:
          operationId: isAlive
          tags: [service]
          summary: Is the process alive?
          security: []
          responses:
            "200":
              description: It is.
              content:
                text/plain:
                  schema: { type: string, const: ok }
            "400": { $ref: "#/components/responses/BadRequest" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /readyz:
        get:
          operationId: isReady
          tags: [service]
          summary: Can it work?
          description: 503 where the index does not answer or the spool cannot be looked at.
          security: []
          responses:
            "200":
              description: It can.
              content:
                text/plain:
                  schema: { type: string, const: ready }
            "400": { $ref: "#/components/responses/BadRequest" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /metrics:
        get:
          operationId: getMetrics
          tags: [service]
          summary: Metrics
          description: For Prometheus, in its text format 0.0.4.
          security: []
          responses:
            "200":
              description: The metrics of this process.
              content:
                text/plain:
                  schema: { type: string }
            "400": { $ref: "#/components/responses/BadRequest" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

      /openapi.yaml:
        get:
          operationId: getDescription
          tags: [service]
          summary: This description
          security: []
          parameters:
            - $ref: "#/components/parameters/IfNoneMatch"
          responses:
            "200":
              description: What you are reading.
              headers:
                ETag: { $ref: "#/components/headers/ETag" }
                Cache-Control:
                  description: To be asked about again each time, which costs a 304.
                  required: true
                  schema: { type: string, const: no-cache }
              content:
                application/yaml:
                  schema: { type: [object, string] }
            "304": { $ref: "#/components/responses/NotModified" }
            "400": { $ref: "#/components/responses/BadRequest" }
            "408": { $ref: "#/components/responses/TooSlow" }
            "431": { $ref: "#/components/responses/HeadTooLarge" }
            "503": { $ref: "#/components/responses/Unavailable" }

    components:
      securitySchemes:
        basic:
          type: http
          scheme: basic
          description: Email and password.
        bearer:
          type: http
          scheme: bearer
          description: |
            A login's access token, or an API token with the scope that is needed: `download` to see jobs and to fetch
            MP3s, `upload` to send, cancel, retry and delete, `admin` for API tokens and, where the user is an admin,
            others' jobs, users and hosts.
        link:
          type: apiKey
          in: query
          name: signature
          description: What `POST /jobs/{fid}/link` put into a link, together with `expires`.

      parameters:
        Fid:
          name: fid
          in: path
          required: true
          description: The job, or the upload that becomes it.
          schema: { $ref: "#/components/schemas/Fid" }
          example: 01JDN4Q5J8Z6M2V7X3K9T0B1CD
        Preset:
          name: preset
          in: query
          schema: { $ref: "#/components/schemas/Preset" }
        Track:
          name: track
          in: query
          schema: { $ref: "#/components/schemas/Track" }
        TrackNumber:
          name: track
          in: query
          description: The number of the source's audio track; the first that was converted by default.
          schema: { type: integer, minimum: 1 }
        Language:
          name: language
          in: query
          schema: { $ref: "#/components/schemas/Language" }
        Rate:
          name: rate
          in: query
          schema: { $ref: "#/components/schemas/Rate" }
        Channels:
          name: channels
          in: query
          schema: { $ref: "#/components/schemas/Channels" }
        Trim:
          name: trim
          in: query
          schema: { $ref: "#/components/schemas/Trim" }
        Loudness:
          name: loudness
          in: query
          schema: { $ref: "#/components/schemas/Loudness" }
        Duplicate:
          name: duplicate
          in: query
          schema: { $ref: "#/components/schemas/Duplicate" }
        Webhook:
          name: webhook
          in: query
          schema: { $ref: "#/components/schemas/WebhookURL" }
        Mail:
          name: mail
          in: query
          schema: { $ref: "#/components/schemas/MailWish" }
        WebhookID:
          name: id
          in: path
          required: true
          description: The webhook's id, as the list has it.
          schema: { type: string, minLength: 1 }
          example: 0123456789abcdef
        IdempotencyKey:
          name: Idempotency-Key
          in: header
          description: |
            For 24 hours the same key of the same person means the same upload: a client that did not hear the answer
            sends its request again, and gets the same job.
          schema: { type: string, minLength: 1, maxLength: 255, format: idempotency-key }
          example: 9d2c4f0e-3f5b-4c55-8f64-0f4c6a0b7a11
        TusResumable:
          name: Tus-Resumable
          in: header
          required: true
          description: The version of tus that the client speaks.
          schema: { type: string, enum: ["1.0.0"] }
          example: "1.0.0"
        UploadChecksum:
          name: Upload-Checksum
          in: header
          description: >-
            The checksum of this request's bytes, `sha1` or `sha256` and Base64. Nothing of bytes that do not have it
            counts.
          schema:
            type: string
            format: tus-checksum
            pattern: "^(sha1 [A-Za-z0-9+/]{27}=|sha256 [A-Za-z0-9+/]{43}=)$"
            examples: [sha1 2jmj7l5rSw0yVb/vlWAYkK/YBwk=]
        Range:
          name: Range
          in: header
          description: |
            The parts that are wanted, as `bytes=0-499` or `bytes=-500` (RFC 9110). What cannot be understood is as if
            it were not there.
          schema: { type: string }
        IfRange:
          name: If-Range
          in: header
          description: The parts are wanted only of the MP3 with this ETag, and else the whole.
          schema: { type: string }
        IfNoneMatch:
          name: If-None-Match
          in: header
          description: The ETag that the client has; where it is still right the answer is 304.
          schema: { type: string }

      headers:
        TusResumable:
          description: The version of tus that is spoken here.
          required: true
          schema: { type: string, const: "1.0.0" }
        UploadOffset:
          description: How many bytes are durable.
          required: true
          schema: { type: integer, format: int64, minimum: 0 }
        UploadExpires:
          description: When the upload is removed if nothing more of it comes (RFC 9110); not where it has become a job.
          schema: { type: string }
        Fid:
          description: The job that the upload has become.
          schema: { $ref: "#/components/schemas/Fid" }
        IsDuplicate:
          description: That job is an earlier one, of the same bytes and options.
          schema: { type: string, enum: ["true"] }
        Replayed:
          description: A request with this `Idempotency-Key` was answered before, and nothing was done now.
          schema: { type: string, enum: ["true"] }
        RetryAfter:
          description: After how many seconds trying again may help.
          schema: { type: integer, minimum: 0 }
        NoStore:
          description: Nobody may keep this.
          required: true
          schema: { type: string, const: no-store }
        Revalidated:
          description: Only the client may keep this, and must ask about it each time.
          required: true
          schema: { type: string, const: "private, no-cache" }
        Immutable:
          description: Only the client may keep this, for a year, since it never changes.
          required: true
          schema: { type: string, const: "private, max-age=31536000, immutable" }
        VaryAuthorization:
          description: What was kept is of the same token's holder only.
          required: true
          schema: { type: string, const: authorization }
        ETag:
          description: A strong validator.
          required: true
          schema: { type: string, pattern: '^"[0-9a-f]{64}"$' }
        ContentDisposition:
          description: An attachment with the name of the MP3 (RFC 6266).
          required: true
          schema: { type: string, pattern: "^attachment; filename" }
        AcceptRanges:
          description: The MP3 can be had in parts.
          required: true
          schema: { type: string, const: bytes }
        NoSniff:
          description: Browsers are not to guess what it is.
          required: true
          schema: { type: string, const: nosniff }

      responses:
        BadRequest:
          description: >-
            The request is not proper HTTP, or a value in it is not what it should be; the sentence says which.
          content:
            text/plain: { schema: { type: string }, example: wait must be a number from 0 to 60 }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        Unauthorized:
          description: There are no credentials, or the email and the password do not fit.
          headers:
            WWW-Authenticate:
              description: The scheme that is wanted.
              required: true
              schema: { type: string, pattern: "^(Basic|Bearer) realm=" }
          content:
            text/plain: { schema: { type: string }, example: missing credentials }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        Forbidden:
          description: |
            The token or the link is not accepted, since it is none, has expired, was revoked or its account is
            disabled; or its holder may not do this.
          headers:
            WWW-Authenticate:
              description: The scope that the token lacks (RFC 6750), where that is the reason.
              schema: { type: string }
          content:
            text/plain: { schema: { type: string }, example: "not authorized: only admins may upload" }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        NotFound:
          description: It does not exist, or is somebody else's.
          content:
            text/plain: { schema: { type: string }, example: there is no such job }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        NotAllowed:
          description: This cannot be asked of this path.
          headers:
            Allow:
              description: The methods that can.
              required: true
              schema: { type: string }
          content:
            text/plain: { schema: { type: string }, example: "only OPTIONS, POST can be asked of this" }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        TooSlow:
          description: The request took too long to come, and the connection ends.
          content:
            text/plain: { schema: { type: string }, example: the request took too long to come }
        Conflict:
          description: |
            It cannot be done as things are: the job is not done yet, or has ended, the upload stands elsewhere or has
            become a job, the same `Idempotency-Key` is under way, there are 100 tokens, 20 webhooks or one of this URL already,
            a delivery's webhook is gone, the email is somebody's, or admins would lock themselves out. With
            `Retry-After` it can be done soon.
          headers:
            Retry-After: { $ref: "#/components/headers/RetryAfter" }
          content:
            text/plain: { schema: { type: string }, example: the file is not converted yet }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        Gone:
          description: There will be nothing here, since the conversion failed, or what was here has expired.
          content:
            text/plain: { schema: { type: string }, example: the file has expired }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        OtherVersion:
          description: The client speaks another version of tus, or does not say which.
          headers:
            Tus-Version:
              description: The versions that are spoken here.
              required: true
              schema: { type: string, const: "1.0.0" }
          content:
            text/plain: { schema: { type: string }, example: "The header Tus-Resumable must be 1.0.0, the only version of tus that is spoken here." }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        TooLarge:
          description: It is larger than anybody, or this person, may send.
          content:
            text/plain: { schema: { type: string }, example: "the file is too large: 21474836480 bytes are the limit" }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        UnknownType:
          description: The Content-Type is not one of those that can be read here.
          content:
            text/plain: { schema: { type: string }, example: a token is wished for with JSON or a URL-encoded form }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        NotInFile:
          description: The MP3 has none of these parts.
          headers:
            Content-Range:
              description: The MP3's size.
              required: true
              schema: { type: string, pattern: '^bytes \*/[0-9]+$' }
          content:
            text/plain: { schema: { type: string }, example: this part of the file does not exist }
        OtherUpload:
          description: The `Idempotency-Key` was another upload's.
          content:
            text/plain: { schema: { type: string }, example: "this Idempotency-Key was another upload's" }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        Locked:
          description: Another request is writing to this upload.
          headers:
            Retry-After: { $ref: "#/components/headers/RetryAfter" }
          content:
            text/plain: { schema: { type: string }, example: another request is writing to this upload }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        TooMany:
          description: >-
            Too many wrong passwords, too many logins from one address, too many jobs waiting or minutes converted.
          headers:
            Retry-After:
              description: After how many seconds trying again may help.
              required: true
              schema: { type: integer, minimum: 1 }
          content:
            text/plain: { schema: { type: string }, example: too many logins from your address; try again in 2 s }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        HeadTooLarge:
          description: The head of the request has more than 100 fields or 32 KiB.
          content:
            text/plain: { schema: { type: string }, example: the head of a request may have 100 fields and 32768 bytes }
        WrongChecksum:
          description: The bytes that came do not have their checksum (tus), and none of them counts.
          content:
            text/plain: { schema: { type: string } }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        Unavailable:
          description: >-
            Too much is going on, the auth service does not answer, or there are too many connections from this address.
          headers:
            Retry-After: { $ref: "#/components/headers/RetryAfter" }
          content:
            text/plain: { schema: { type: string }, example: too much is going on at once; try again }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        NoSpace:
          description: There is no space on the disk (with `Retry-After`), or in the person's quota.
          headers:
            Retry-After: { $ref: "#/components/headers/RetryAfter" }
          content:
            text/plain: { schema: { type: string }, example: there is no space for this upload at the moment }
            application/problem+json: { schema: { $ref: "#/components/schemas/Problem" } }
        Accepted:
          description: The video is durable, and a job will convert it.
          headers:
            Location:
              description: The job.
              required: true
              schema: { type: string, pattern: "^/jobs/[0-7][0-9A-HJKMNP-TV-Z]{25}$" }
            Idempotency-Replayed: { $ref: "#/components/headers/Replayed" }
          content:
            application/json:
              schema: { $ref: "#/components/schemas/Accepted" }
            text/plain:
              schema: { type: string, const: success }
          links:
            show:
              operationId: getJob
              parameters: { fid: "$response.body#/fid" }
            fetch:
              operationId: download
              parameters: { fid: "$response.body#/fid" }
            share:
              operationId: linkJob
              parameters: { fid: "$response.body#/fid" }
            again:
              operationId: retryJob
              parameters: { fid: "$response.body#/fid" }
            remove:
              operationId: deleteJob
              parameters: { fid: "$response.body#/fid" }
        Planned:
          description: It is sent soon.
          content:
            application/json:
              schema:
                type: object
                required: [delivery]
                properties:
                  delivery: { type: integer, format: int64, minimum: 1, description: Its number in the log. }
        Notices:
          description: What is wanted.
          content:
            application/json:
              schema:
                type: object
                required: [mail, mailAvailable, hasSecret]
                properties:
                  mail: { type: boolean, description: "A mail at the end of each job, unless its upload says something else." }
                  mailAvailable: { type: boolean, description: Whether this service sends mail at all. }
                  hasSecret: { type: boolean, description: Whether there is a secret that webhooks are signed with. }
        TusCapabilities:
          description: What of tus is spoken here.
          headers:
            Tus-Resumable: { $ref: "#/components/headers/TusResumable" }
            Tus-Version:
              description: All versions.
              required: true
              schema: { type: string, const: "1.0.0" }
            Tus-Extension:
              description: The extensions, with commas between.
              required: true
              schema: { type: string }
            Tus-Max-Size:
              description: The largest file.
              required: true
              schema: { type: integer, format: int64, minimum: 0 }
            Tus-Checksum-Algorithm:
              description: What checksums can be made with.
              required: true
              schema: { type: string, const: "sha1,sha256" }
        BytesTaken:
          description: The bytes are durable.
          headers:
            Tus-Resumable: { $ref: "#/components/headers/TusResumable" }
            Upload-Offset: { $ref: "#/components/headers/UploadOffset" }
            Upload-Expires: { $ref: "#/components/headers/UploadExpires" }
            Mp3spool-Fid: { $ref: "#/components/headers/Fid" }
            Mp3spool-Duplicate: { $ref: "#/components/headers/IsDuplicate" }
        Audio:
          description: The MP3.
          headers:
            ETag: { $ref: "#/components/headers/ETag" }
            Content-Disposition: { $ref: "#/components/headers/ContentDisposition" }
            Accept-Ranges: { $ref: "#/components/headers/AcceptRanges" }
            Cache-Control: { $ref: "#/components/headers/Revalidated" }
            X-Content-Type-Options: { $ref: "#/components/headers/NoSniff" }
          content:
            audio/mpeg: {}
        AudioPart:
          description: The part that was wanted, or several of them as `multipart/byteranges`.
          headers:
            ETag: { $ref: "#/components/headers/ETag" }
            Content-Range:
              description: Where the part lies; each part has its own where there are several.
              schema: { type: string, pattern: "^bytes [0-9]+-[0-9]+/[0-9]+$" }
            Content-Disposition: { $ref: "#/components/headers/ContentDisposition" }
            Accept-Ranges: { $ref: "#/components/headers/AcceptRanges" }
            Cache-Control: { $ref: "#/components/headers/Revalidated" }
            X-Content-Type-Options: { $ref: "#/components/headers/NoSniff" }
          content:
            audio/mpeg: {}
            multipart/byteranges: {}
        NotModified:
          description: The client has it already.
          headers:
            ETag: { $ref: "#/components/headers/ETag" }

      schemas:
        Fid:
          type: string
          description: The name of a job for its whole life, a ULID in capital letters.
          pattern: "^[0-7][0-9A-HJKMNP-TV-Z]{25}$"
        Problem:
          type: object
          description: Problem details (RFC 9457); without a `type` the problem is what its status says.
          required: [title, status, detail]
          properties:
            title: { type: string, description: What the status means. }
            status: { type: integer, minimum: 400, maximum: 599 }
            detail: { type: string, description: The sentence that plain text would be. }
          example: { title: Not Found, status: 404, detail: there is no such job }
        Preset:
          type: string
          description: |
            The quality, `v2` by default: `v0` (best) to `v9` have a variable bit rate, `cbr-128` has one, `abr-192` a
            mean in kbit/s, `voice` is mono at 24 kHz. An empty value is as none.
          pattern: "^(v[0-9]|cbr-(8|16|24|32|40|48|56|64|80|96|112|128|144|160|192|224|256|320)|abr-([89]|[1-9][0-9]|[12][0-9]{2}|3[01][0-9]|320)|voice)?$"
          examples: [v2]
        Track:
          type: string
          description: The audio track by its number, or `all` for an MP3 of each; by default the file's own choice.
          pattern: "^([1-9][0-9]{0,3}|all)?$"
          examples: ["1"]
        Language:
          type: string
          description: The audio track by its language, an ISO 639 code.
          pattern: "^([a-z]{2,3})?$"
          examples: [deu]
        Rate:
          type: string
          description: The MP3's sample rate in Hz; by default the source's own, where MP3 has it.
          enum: ["48000", "44100", "32000", "24000", "22050", "16000", "12000", "11025", "8000", ""]
          examples: ["44100"]
        Channels:
          type: string
          description: |
            How many channels the MP3 has: mono stays mono and anything else becomes stereo (`source`, the default),
            `mono`, `stereo`, or mono where both channels are the same throughout (`auto`).
          enum: [source, mono, stereo, auto, ""]
        Trim:
          type: string
          format: trim
          description: |
            A part of the recording, START-END, each in seconds or as [H:]MM:SS, with up to three decimals, and one of
            them may be left out: `1:30-2:00`, `90-`, `-30`. It must end after its start.
          pattern: '^(([0-9]+:){0,2}[0-9]+(\.[0-9]{1,3})?)?-(([0-9]+:){0,2}[0-9]+(\.[0-9]{1,3})?)?$|^$'
          examples: ["1:30-2:00"]
        Loudness:
          type: string
          description: >-
            The loudness that the MP3 is brought to, in LUFS (EBU R 128), with a limiter for true peaks; by default it
            is left as it is.
          pattern: '^(-([5-9]|[1-3][0-9]|40)|-([5-9]|[1-3][0-9])\.[0-9]+)?$'
          examples: ["-16"]
        Duplicate:
          type: string
          description: >-
            Whether bytes that were converted before are answered with that job (`answer`, the default), or get a new
            one (`convert`).
          enum: [answer, convert, ""]
        WebhookURL:
          type: string
          description: >-
            A URL that is told of this upload's end, signed with the sender's secret, which must be there (`POST
            /webhooks/secret`). An empty one says nothing.
          format: webhook-wish
        MailWish:
          type: string
          description: "Whether the sender gets a mail at this upload's end; without it as `PUT /notices` said."
          enum: ["yes", "no", ""]
        UploadForm:
          type: object
          description: The file may have any name; another field than these is 400.
          additionalProperties: false
          required: [file]
          properties:
            file: { type: string, format: binary, description: The video. }
            preset: { $ref: "#/components/schemas/Preset" }
            track: { $ref: "#/components/schemas/Track" }
            language: { $ref: "#/components/schemas/Language" }
            rate: { $ref: "#/components/schemas/Rate" }
            channels: { $ref: "#/components/schemas/Channels" }
            trim: { $ref: "#/components/schemas/Trim" }
            loudness: { $ref: "#/components/schemas/Loudness" }
            duplicate: { $ref: "#/components/schemas/Duplicate" }
            webhook: { $ref: "#/components/schemas/WebhookURL" }
            mail: { $ref: "#/components/schemas/MailWish" }
        Accepted:
          type: object
          required: [fid]
          properties:
            fid: { $ref: "#/components/schemas/Fid" }
            duplicate:
              type: boolean
              const: true
              description: The job is an earlier one, of the same bytes and options.
          example: { fid: 01JDN4Q5J8Z6M2V7X3K9T0B1CD }
        JobState:
          type: string
          enum: [waiting, active, done, failed]
        Job:
          type: object
          required: [fid, state, name, owner, size, options, origin, attempt, submitted]
          properties:
            fid: { $ref: "#/components/schemas/Fid" }
            state: { $ref: "#/components/schemas/JobState" }
            name: { type: string, description: The name of the file that was sent. }
            owner: { type: string, description: "Who sent it, by email; for files from the folder the setting `drop-owner`." }
            size: { type: integer, format: int64, minimum: 0, description: Of the file that was sent. }
            options: { $ref: "#/components/schemas/Options" }
            origin: { type: string, enum: [upload, drop], description: "Sent by somebody, or dropped into the folder." }
            attempt: { type: integer, minimum: 0, description: How often it was taken back before. }
            submitted: { type: string, format: date-time }
            finished: { type: string, format: date-time }
            host: { type: string, description: The converter that works on it. }
            progress: { $ref: "#/components/schemas/Progress" }
            download: { type: string, description: "Where the MP3 is, once it is done." }
            exported: { type: string, description: "The MP3's name in the folder `done`." }
            result: { $ref: "#/components/schemas/Result" }
            error: { $ref: "#/components/schemas/Failure" }
          example:
            fid: 01JDN4Q5J8Z6M2V7X3K9T0B1CD
            state: waiting
            name: video.mp4
            owner: ann@example.org
            size: 1048576
            options: {}
            origin: upload
            attempt: 0
            submitted: "2026-01-02T03:04:05Z"
        JobPage:
          type: object
          required: [jobs]
          properties:
            jobs: { type: array, items: { $ref: "#/components/schemas/Job" } }
            next: { type: string, description: "What `before` must be for the next page; there is none on the last one." }
        Options:
          type: object
          description: Only what differs from the default.
          properties:
            preset: { type: string }
            track: { type: [integer, string] }
            language: { type: string }
            rate: { type: integer }
            channels: { type: string }
            trim: { type: string, description: In seconds. }
            loudness: { type: number }
        Progress:
          type: object
          description: How far a conversion is, once its converter has said so.
          required: [position, speed]
          properties:
            position: { type: number, minimum: 0, description: Seconds of the source that are done. }
            fraction: { type: number, minimum: 0, maximum: 1, description: Where the source says how long it is. }
            speed: { type: number, minimum: 0, description: Seconds of audio per second. }
            timeLeft: { type: number, minimum: 0, description: "In seconds, where the source says how long it is." }
        Result:
          type: object
          description: An MP3, of what it was made, and how.
          required: [track, sha256, byteCount, duration, sampleRate, channels, bitrate, container, codec, warnings, copied, output]
          properties:
            track: { type: integer, minimum: 1, description: The number of the source's audio track. }
            language: { type: string, description: The track's language, as the source has it. }
            sha256: { type: string, pattern: "^[0-9a-f]{64}$" }
            byteCount: { type: integer, format: int64, minimum: 0 }
            duration: { type: number, minimum: 0, description: "In seconds, counted in samples." }
            sampleRate: { type: integer, description: In Hz. }
            channels: { type: integer, minimum: 1, maximum: 2 }
            bitrate: { type: integer, description: The mean in bits per second. }
            loudness: { type: number, description: "In LUFS, where it could be measured." }
            container: { type: string, description: "The source's format, as FFmpeg calls it." }
            codec: { type: string, description: "The codec of the source's audio, as FFmpeg calls it." }
            warnings: { type: array, items: { type: string }, description: "What went wrong and was survived, a sentence each." }
            copied: { type: boolean, description: The source's MP3 frames were taken over as they were. }
            output: { type: string, description: "The MP3's place in the job's directory." }
            tags: { $ref: "#/components/schemas/Tags" }
            chapters:
              type: array
              description: "The MP3's, where it has some; of very many the first."
              maxItems: 500
              items: { $ref: "#/components/schemas/Chapter" }
            cover:
              type: object
              description: "Of the picture in the MP3, which `GET /jobs/{fid}/cover` gives."
              required: [type, length]
              properties:
                type: { type: string, description: Its media type. }
                length: { type: integer, format: int64, minimum: 1 }
            otherTracks: { type: array, items: { $ref: "#/components/schemas/Result" }, description: "Where all tracks were asked for." }
        Tags:
          type: object
          description: "What the source says of itself, and the MP3's tag too; each text is cut at 500 characters here."
          properties:
            title: { type: string }
            artist: { type: string }
            album: { type: string }
            date: { type: string }
            genre: { type: string }
            comment: { type: string }
        Chapter:
          type: object
          required: [start, end]
          properties:
            start: { type: number, minimum: 0, description: In seconds. }
            end: { type: number, minimum: 0, description: In seconds. }
            title: { type: string }
        Waveform:
          type: object
          required: [duration, peaks]
          properties:
            duration: { type: number, minimum: 0, description: "Of the MP3, in seconds." }
            peaks:
              type: array
              description: The highest sample of all channels in each equal part of that time; 255 is full scale.
              minItems: 1
              maxItems: 400
              items: { type: integer, minimum: 0, maximum: 255 }
        UserList:
          type: object
          required: [users]
          properties:
            users: { type: array, items: { $ref: "#/components/schemas/User" } }
        User:
          type: object
          required: [id, email, admin, disabled, created, quota, rules]
          properties:
            id: { type: integer, format: int64, minimum: 1 }
            email: { type: string }
            admin: { type: boolean }
            disabled: { type: boolean, description: Logins and tokens are refused. }
            created: { type: string, format: date-time }
            quota: { $ref: "#/components/schemas/Quota" }
            rules:
              type: object
              description: What of the quota is this user's own.
              required: [bytes, minutes, waiting]
              properties:
                bytes: { $ref: "#/components/schemas/QuotaRule" }
                minutes: { $ref: "#/components/schemas/QuotaRule" }
                waiting: { $ref: "#/components/schemas/QuotaRule" }
        NewUser:
          type: object
          required: [email, password]
          additionalProperties: false
          properties:
            email:
              type: string
              format: account-email
              description: At most 254 bytes, without colons, white space and control characters.
              minLength: 1
              maxLength: 254
            password: { $ref: "#/components/schemas/Password" }
            admin: { type: [boolean, "null"], description: Not by default. }
          example: { email: ann@example.org, password: correct horse, admin: false }
        ChangedUser:
          type: object
          additionalProperties: false
          properties:
            disabled: { type: [boolean, "null"] }
            admin: { type: [boolean, "null"] }
            password: { oneOf: [{ $ref: "#/components/schemas/Password" }, { type: "null" }] }
            quota:
              type: [object, "null"]
              additionalProperties: false
              properties:
                bytes: { oneOf: [{ $ref: "#/components/schemas/QuotaRule" }, { type: "null" }] }
                minutes: { oneOf: [{ $ref: "#/components/schemas/QuotaRule" }, { type: "null" }] }
                waiting: { oneOf: [{ $ref: "#/components/schemas/QuotaRule" }, { type: "null" }] }
          example: { disabled: false, quota: { bytes: 1000000, minutes: none, waiting: default } }
        Password:
          type: string
          format: account-password
          description: At most 1024 bytes of UTF-8.
          minLength: 8
        QuotaRule:
          description: A limit, `none`, or what the service's settings say (`default`).
          oneOf:
            - { type: integer, format: int64, minimum: 0, maximum: 9007199254740991 }
            - { type: string, enum: [none, default] }
        Retention:
          type: object
          required: [done, failed, upload-expiry]
          properties:
            done: { type: [integer, "null"], minimum: 0, description: "Jobs that are done, with their MP3s." }
            failed: { type: [integer, "null"], minimum: 0, description: Jobs that failed. }
            upload-expiry:
              type: [integer, "null"]
              minimum: 0
              description: "A resumable upload of which nothing more comes, as the setting says."
        HostList:
          type: object
          required: [hosts]
          properties:
            hosts: { type: array, items: { $ref: "#/components/schemas/Host" } }
        Host:
          type: object
          description: A converter, from its start to its end.
          required: [host, incarnation, beats, state, jobs]
          properties:
            host: { type: string, description: What its host calls itself. }
            incarnation: { type: string, description: "Its own name, which no other ever gets." }
            version: { type: string, description: Of mp3spool. }
            processID: { type: integer }
            beats: { type: integer, minimum: 0, description: How often it has shown that it lives. }
            secondsSinceBeat: { type: number, minimum: 0, description: Not where it beat at this moment. }
            state: { type: string, enum: [alive, silent, dead] }
            jobs:
              type: array
              description: What it works on.
              items:
                type: object
                required: [fid, attempt]
                properties:
                  fid: { $ref: "#/components/schemas/Fid" }
                  attempt: { type: integer, minimum: 0 }
                  progress: { $ref: "#/components/schemas/Progress" }
        Failure:
          type: object
          description: Why an attempt at a job, or the whole job, was given up.
          required: [code, sentence, isCertain, isOfHost, attempt]
          properties:
            code: { type: string, description: "A word for programs, as `no-audio`." }
            sentence: { type: string, description: A sentence for people. }
            isCertain: { type: boolean, description: Another attempt would end the same way. }
            isOfHost: { type: boolean, description: "A host is at fault, and not the file." }
            attempt: { type: integer, minimum: 0 }
        Link:
          type: object
          required: [url, expires]
          properties:
            url: { type: string, format: uri }
            expires: { type: string, format: date-time }
        Feed:
          type: object
          required: [url]
          properties:
            url: { type: string, format: uri }
        Claims:
          type: object
          description: >-
            A token's claims; a login's has `exp`, `iss` and `aud`, an API token's has `scopes` and `admins_token`.
          required: [username, admin, sub, jti, iat]
          properties:
            username: { type: string, description: The user's email. }
            admin: { type: boolean, description: The token lets its holder act as an admin. }
            sub: { type: string, description: "The user's id, which no other user ever gets." }
            jti: { type: string, description: The token's own name. }
            iat: { type: integer, format: int64, description: "When it was made, in seconds since 1970." }
            exp: { type: integer, format: int64, description: "When it expires, in seconds since 1970." }
            iss: { type: string }
            aud: { type: string }
            scopes: { type: array, items: { $ref: "#/components/schemas/Scope" } }
            admins_token: { type: boolean, description: The user is an admin. }
        KeySet:
          type: object
          required: [keys]
          properties:
            keys:
              type: array
              items:
                type: object
                required: [kty, crv, x, kid]
                properties:
                  kty: { type: string, const: OKP }
                  crv: { type: string, const: Ed25519 }
                  x: { type: string }
                  use: { type: string, const: sig }
                  alg: { type: string, const: EdDSA }
                  kid: { type: string }
        Scope:
          type: string
          description: |
            `upload`: send files, and cancel, retry and delete jobs. `download`: see jobs, be told of them, fetch MP3s.
            `admin`: manage API tokens and, where the user is an admin, users, and see the hosts and others' jobs.
          enum: [upload, download, admin]
        TokenWish:
          type: object
          required: [name, scopes]
          properties:
            name: { $ref: "#/components/schemas/TokenName" }
            scopes: { type: array, minItems: 1, items: { $ref: "#/components/schemas/Scope" } }
            days:
              type: [integer, "null"]
              minimum: 1
              maximum: 3650
              description: For how long it is good; by default until it is revoked.
        TokenForm:
          type: object
          required: [name, scopes]
          properties:
            name: { $ref: "#/components/schemas/TokenName" }
            scopes:
              type: string
              description: Scopes, with commas or spaces between.
              pattern: "^(upload|download|admin)([, ]+(upload|download|admin))*$"
            days: { type: integer, minimum: 1, maximum: 3650 }
        TokenName:
          type: string
          description: What its owner calls it; characters that cannot be seen are refused.
          format: visible-text
          minLength: 1
          maxLength: 100
        Token:
          type: object
          required: [id, user, name, scopes, created]
          properties:
            id: { type: string, pattern: "^[0-9a-f]{16}$" }
            user: { type: string, description: The owner's email. }
            name: { type: string }
            scopes: { type: array, items: { $ref: "#/components/schemas/Scope" } }
            created: { type: string, format: date-time }
            expires: { type: string, format: date-time }
            lastUsed: { type: string, format: date-time, description: To the minute. }
            token: { type: string, description: "The token itself, in the answer that makes it and never again." }
        TokenList:
          type: object
          required: [tokens]
          properties:
            tokens: { type: array, items: { $ref: "#/components/schemas/Token" } }
        Quota:
          type: object
          required: [user, bytes, minutes, waiting]
          properties:
            user: { type: string, description: The caller's email. }
            bytes: { $ref: "#/components/schemas/Amount", description: Of stored files and MP3s. }
            minutes: { $ref: "#/components/schemas/Amount", description: Of audio that was converted in 30 days. }
            waiting: { $ref: "#/components/schemas/Amount", description: Of jobs that wait. }
        Event:
          type: object
          description: One event of a stream.
          properties:
            id: { type: string, description: What `Last-Event-ID` must be to be told of what came later. }
            event: { type: string, enum: [job, progress, removed, reset] }
            data: { type: string, description: JSON in one line. }
            retry: { type: integer, description: After how many milliseconds a client that lost its connection should come again. }
        Webhook:
          type: object
          required: [id, owner, url, created]
          properties:
            id: { type: string, pattern: "^[0-9a-f]{16}$" }
            owner: { type: string, description: "Whose jobs' ends it is told of, by email." }
            url: { type: string }
            created: { type: string, format: date-time }
            ended: { type: string, format: date-time, description: When its receiver said that it wants to hear no more (410). }
            secret: { type: string, description: "What all of the owner's webhooks are signed with, in the answer that makes it and never again." }
        WebhookList:
          type: object
          required: [webhooks]
          properties:
            webhooks: { type: array, items: { $ref: "#/components/schemas/Webhook" } }
        DeliveryState:
          type: string
          enum: [waiting, delivered, given-up]
        Delivery:
          type: object
          required: [number, id, kind, target, owner, event, state, tries, created]
          properties:
            number: { type: integer, format: int64, minimum: 1 }
            id: { type: string, description: "What the receiver knows it by, in `Mp3spool-Delivery`; the same at each try." }
            kind: { type: string, enum: [webhook, mail] }
            webhook: { type: string, description: "The webhook's id, unless its URL came with an upload." }
            target: { type: string, description: "The URL, or the mail's address." }
            owner: { type: string }
            fid: { $ref: "#/components/schemas/Fid" }
            event: { type: string, enum: [done, failed, ping] }
            state: { $ref: "#/components/schemas/DeliveryState" }
            tries: { type: integer, minimum: 0 }
            created: { type: string, format: date-time }
            next: { type: string, format: date-time, description: "When it is tried next, if it waits." }
            last: { type: string, format: date-time, description: When it was tried last. }
            status: { type: integer, description: "What the receiver answered: an HTTP status, or an SMTP reply's code." }
            error: { type: string, description: Why it failed. }
        DeliveryPage:
          type: object
          required: [deliveries]
          properties:
            deliveries: { type: array, items: { $ref: "#/components/schemas/Delivery" } }
            next: { type: string, description: "What `before` must be for the next page; it is missing on the last one." }
        Amount:
          type: object
          required: [used]
          properties:
            used: { type: number, minimum: 0 }
            limit: { type: integer, format: int64, minimum: 0, description: There is none where this is missing. }

    """#)
}
