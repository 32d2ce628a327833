-- The event store of one service: one log, one way in (`append`), read by everyone of the service, changed by no one.
-- ${schema} is the service's schema, ${owner} the role that owns it, ${service} the role the service connects as.

-- One row: the writer lock, the gapless positions, the tip of the hash chain, and the fence.
CREATE TABLE head (
    log             text PRIMARY KEY CHECK (log ~ '^[a-z_]+$'),
    id              uuid   NOT NULL DEFAULT gen_random_uuid(),
    position        bigint NOT NULL DEFAULT 0,
    outbox_position bigint NOT NULL DEFAULT 0,
    chain           bytea  NOT NULL DEFAULT sha256(''),
    epoch           bigint NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX head_is_one_row ON head ((true));
INSERT INTO head (log) VALUES ('${schema}');

CREATE TABLE event (
    position       bigint PRIMARY KEY,
    tenant         text   NOT NULL CHECK (tenant !~ '[[:cntrl:]]'),
    stream         uuid   NOT NULL,
    version        bigint NOT NULL,
    type           text   NOT NULL CHECK (type !~ '[[:cntrl:]]'),
    schema_version int    NOT NULL,
    payload        bytea  NOT NULL,
    metadata       text   NOT NULL CHECK (metadata !~ '[[:cntrl:]]'),
    recorded_at    timestamptz NOT NULL,
    chain          bytea  NOT NULL
);
CREATE UNIQUE INDEX event_stream_version ON event (stream, version);
COMMENT ON COLUMN event.metadata IS 'JSON text: event, request, principal, causation and correlation ids, traceparent, guard changes';
COMMENT ON COLUMN event.chain IS 'sha256(chain of the position before || canonical_event of this row)';

CREATE TABLE request (
    tenant      text  NOT NULL,
    request_id  text  NOT NULL,
    fingerprint bytea NOT NULL,
    stream      uuid,
    version     bigint NOT NULL,
    position    bigint NOT NULL,
    PRIMARY KEY (tenant, request_id)
);
COMMENT ON TABLE request IS 'What each request id led to: the aggregate and the version it had right after, which is the result';

CREATE TABLE tracking (upstream text PRIMARY KEY, position bigint NOT NULL);

CREATE TABLE guard (key text PRIMARY KEY, used bigint NOT NULL DEFAULT 0 CHECK (used >= 0), "limit" bigint NOT NULL);

CREATE TABLE outbox (
    position       bigint PRIMARY KEY,
    log_position   bigint NOT NULL REFERENCES event (position),
    type           text   NOT NULL,
    tenant         text   NOT NULL,
    subject        uuid   NOT NULL,
    recorded_at    timestamptz NOT NULL,
    traceparent    text   NOT NULL,
    correlation_id text   NOT NULL,
    data           bytea  NOT NULL
);

CREATE TABLE timer (
    stream        uuid NOT NULL,
    name          text NOT NULL,
    id            uuid NOT NULL UNIQUE,
    tenant        text NOT NULL,
    due_at        timestamptz NOT NULL,
    claimed_until timestamptz,
    PRIMARY KEY (stream, name)
);
CREATE INDEX timer_due ON timer (due_at);

CREATE TABLE parked (
    upstream     text   NOT NULL,
    position     bigint NOT NULL,
    subject      uuid   NOT NULL,
    type         text   NOT NULL,
    announcement bytea  NOT NULL,
    error        text   NOT NULL,
    parked_at    timestamptz NOT NULL,
    dropped_at   timestamptz,
    dropped_by   text,
    reason       text,
    PRIMARY KEY (upstream, position)
);
CREATE INDEX parked_subject ON parked (upstream, subject) WHERE dropped_at IS NULL;

CREATE TABLE lease (name text PRIMARY KEY, holder text NOT NULL, epoch bigint NOT NULL, until timestamptz NOT NULL);
CREATE TABLE cursor (name text PRIMARY KEY, position bigint NOT NULL);
CREATE TABLE setting (key text PRIMARY KEY, value text NOT NULL);
CREATE TABLE snapshot (
    stream         uuid PRIMARY KEY,
    version        bigint NOT NULL,
    kind           text   NOT NULL,
    evolve_version text   NOT NULL,
    state          bytea  NOT NULL
);

-- What the chain hashes of an event. Fields are parted by U+001F, which none of them can contain (checks above; JSON
-- text escapes it), and the payload comes last, so no two rows have the same form. Documented in docs/operations.md.
CREATE FUNCTION canonical_event(
    "position" bigint, tenant text, stream uuid, version bigint, type text, schema_version int,
    recorded_at timestamptz, metadata text, payload bytea
) RETURNS bytea LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT convert_to(concat_ws(E'\x1f', "position", tenant, stream, version, type, schema_version,
        (extract(epoch FROM recorded_at) * 1000000)::bigint, metadata, ''), 'UTF8') || payload
$$;

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'events are never changed: % on %', TG_OP, TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER event_is_history BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Appends a batch of requests: one call, one transaction, one fsync. Parallel arrays; `*_request` point into the
-- requests by index from 1. Returns a verdict per request, in order:
--   ok, repeated (the stored result), reused (same request id, other fingerprint), tracking (the upstream's
--   position is not the one expected), conflict (a version is not the next one, or what was looked at has moved;
--   `detail` says which), guard (`detail` names it), moot (its timer or its parked announcement is gone).
--   A refused request changes nothing.
-- Raises `fenced` when the writer's epoch is old.
CREATE FUNCTION append(
    p_epoch bigint,
    rq_tenant text[], rq_id text[], rq_fingerprint bytea[], rq_stream uuid[], rq_version bigint[],
    rq_upstream text[], rq_after bigint[], rq_upto bigint[], rq_timer uuid[], rq_unpark_upstream text[], rq_unpark bigint[],
    ev_request int[], ev_tenant text[], ev_stream uuid[], ev_version bigint[], ev_type text[], ev_schema int[],
    ev_payload bytea[], ev_metadata text[], ev_recorded timestamptz[],
    ob_request int[], ob_event int[], ob_type text[], ob_data bytea[], ob_traceparent text[], ob_correlation text[],
    rd_request int[], rd_stream uuid[], rd_version bigint[],
    gd_request int[], gd_key text[], gd_amount bigint[], gd_limit bigint[],
    tm_request int[], tm_stream uuid[], tm_name text[], tm_id uuid[], tm_tenant text[], tm_due timestamptz[],
    pk_request int[], pk_upstream text[], pk_position bigint[], pk_subject uuid[], pk_type text[],
    pk_announcement bytea[], pk_error text[], pk_at timestamptz[]
) RETURNS TABLE (verdict text, first_position bigint, last_position bigint, stream uuid, version bigint, detail text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = ${schema}, pg_temp AS $$
#variable_conflict use_column
DECLARE
    h head%ROWTYPE;
    stored request%ROWTYPE;
    r int; e int := 1; o int := 1; d int := 1; g int := 1; t int := 1; k int := 1;
    e0 int; d0 int; g0 int; i int;
    n_events int := coalesce(cardinality(ev_request), 0);
    n_outbox int := coalesce(cardinality(ob_request), 0);
    n_reads int := coalesce(cardinality(rd_request), 0);
    n_guards int := coalesce(cardinality(gd_request), 0);
    n_timers int := coalesce(cardinality(tm_request), 0);
    n_parked int := coalesce(cardinality(pk_request), 0);
    now_used bigint; now_limit bigint; tracked bigint; have bigint; base bigint; done int;
    unsure uuid[] := '{}';
BEGIN
    SELECT * INTO STRICT h FROM head FOR UPDATE;
    IF p_epoch < h.epoch THEN
        RAISE EXCEPTION 'fenced: this writer has epoch %, the log has %', p_epoch, h.epoch USING ERRCODE = 'HB001';
    END IF;
    FOR r IN 1 .. cardinality(rq_tenant) LOOP
        verdict := 'ok'; detail := ''; stream := rq_stream[r]; version := rq_version[r];
        first_position := h.position + 1; last_position := NULL; base := h.position;
        e0 := e; d0 := d; g0 := g;
        WHILE e <= n_events AND ev_request[e] = r LOOP e := e + 1; END LOOP;
        WHILE d <= n_reads AND rd_request[d] = r LOOP d := d + 1; END LOOP;
        WHILE g <= n_guards AND gd_request[g] = r LOOP g := g + 1; END LOOP;

        IF rq_id[r] IS NOT NULL THEN
            SELECT * INTO stored FROM request q WHERE q.tenant = rq_tenant[r] AND q.request_id = rq_id[r];
            IF FOUND THEN
                verdict := CASE WHEN stored.fingerprint = rq_fingerprint[r] THEN 'repeated' ELSE 'reused' END;
                stream := stored.stream; version := stored.version;
                first_position := stored.position; last_position := stored.position;
            END IF;
        END IF;
        IF verdict = 'ok' AND rq_upstream[r] IS NOT NULL THEN
            SELECT position INTO tracked FROM tracking WHERE upstream = rq_upstream[r];
            tracked := coalesce(tracked, 0);
            -- A caller that names the position before it must find exactly that; the library's recorder only asks for more.
            IF (rq_after[r] IS NULL AND rq_upto[r] <= tracked) OR rq_after[r] <> tracked THEN
                verdict := 'tracking';
                detail := format('tracking of %s is at %s', rq_upstream[r], tracked);
            END IF;
        END IF;
        IF verdict = 'ok' AND rq_timer[r] IS NOT NULL THEN
            PERFORM 1 FROM timer WHERE id = rq_timer[r];
            IF NOT FOUND THEN verdict := 'moot'; detail := 'the timer was cancelled or has fired'; END IF;
        END IF;
        IF verdict = 'ok' AND rq_unpark[r] IS NOT NULL THEN
            PERFORM 1 FROM parked p
            WHERE p.upstream = rq_unpark_upstream[r] AND p.position = rq_unpark[r] AND p.dropped_at IS NULL;
            IF NOT FOUND THEN verdict := 'moot'; detail := 'the announcement is no longer parked'; END IF;
        END IF;
        IF verdict = 'ok' THEN
            FOR i IN e0 .. e - 1 LOOP
                IF ev_stream[i] = ANY (unsure) THEN
                    verdict := 'conflict';
                    detail := format('an earlier request on stream %s was refused', ev_stream[i]);
                    EXIT;
                END IF;
                -- Only the first event of a stream in this request is compared with the table; the rest must follow on.
                have := NULL;
                FOR j IN REVERSE i - 1 .. e0 LOOP
                    IF ev_stream[j] = ev_stream[i] THEN have := ev_version[j]; EXIT; END IF;
                END LOOP;
                IF have IS NULL THEN
                    SELECT x.version INTO have FROM event x WHERE x.stream = ev_stream[i] ORDER BY x.version DESC LIMIT 1;
                    -- A stream begins at 1; a user of the eventsourcing library may also begin one at 0.
                    have := coalesce(have, CASE ev_version[i] WHEN 0 THEN -1 ELSE 0 END);
                END IF;
                IF ev_version[i] <> have + 1 THEN
                    verdict := 'conflict';
                    detail := format('stream %s is at version %s', ev_stream[i], have);
                    EXIT;
                END IF;
            END LOOP;
        END IF;
        IF verdict = 'ok' THEN
            FOR i IN d0 .. d - 1 LOOP
                SELECT x.version INTO have FROM event x WHERE x.stream = rd_stream[i] ORDER BY x.version DESC LIMIT 1;
                have := coalesce(have, 0);
                IF rd_version[i] <> have OR rd_stream[i] = ANY (unsure) THEN
                    verdict := 'conflict';
                    detail := format('stream %s, which was looked at, is at version %s', rd_stream[i], have);
                    EXIT;
                END IF;
            END LOOP;
        END IF;
        IF verdict = 'ok' AND g > g0 THEN
            done := g0 - 1;
            FOR i IN g0 .. g - 1 LOOP
                SELECT used, "limit" INTO now_used, now_limit FROM guard WHERE key = gd_key[i];
                IF gd_limit[i] IS NOT NULL THEN
                    INSERT INTO guard AS x (key, used, "limit") VALUES (gd_key[i], 0, gd_limit[i])
                    ON CONFLICT (key) DO UPDATE SET "limit" = excluded."limit";
                    -- The limit before it, so that a later refusal in this request can be taken back whole.
                    gd_amount[i] := now_limit;
                ELSIF NOT FOUND OR (gd_amount[i] > 0 AND gd_amount[i] > now_limit - now_used)
                      OR gd_amount[i] < -now_used THEN
                    verdict := 'guard'; detail := gd_key[i];
                    EXIT;
                ELSE
                    UPDATE guard SET used = used + gd_amount[i] WHERE key = gd_key[i];
                END IF;
                done := i;
            END LOOP;
            IF verdict <> 'ok' THEN
                FOR i IN REVERSE done .. g0 LOOP
                    IF gd_limit[i] IS NULL THEN
                        UPDATE guard SET used = used - gd_amount[i] WHERE key = gd_key[i];
                    ELSIF gd_amount[i] IS NULL THEN
                        DELETE FROM guard WHERE key = gd_key[i];
                    ELSE
                        UPDATE guard SET "limit" = gd_amount[i] WHERE key = gd_key[i];
                    END IF;
                END LOOP;
            END IF;
        END IF;

        IF verdict = 'ok' THEN
            FOR i IN e0 .. e - 1 LOOP
                h.position := h.position + 1;
                h.chain := sha256(h.chain || canonical_event(h.position, ev_tenant[i], ev_stream[i], ev_version[i],
                    ev_type[i], ev_schema[i], ev_recorded[i], ev_metadata[i], ev_payload[i]));
                INSERT INTO event VALUES (h.position, ev_tenant[i], ev_stream[i], ev_version[i], ev_type[i], ev_schema[i],
                    ev_payload[i], ev_metadata[i], ev_recorded[i], h.chain);
            END LOOP;
            last_position := h.position;
            IF rq_id[r] IS NOT NULL THEN
                INSERT INTO request VALUES (rq_tenant[r], rq_id[r], rq_fingerprint[r], rq_stream[r], rq_version[r], h.position);
            END IF;
            IF rq_upstream[r] IS NOT NULL THEN
                INSERT INTO tracking VALUES (rq_upstream[r], rq_upto[r])
                ON CONFLICT (upstream) DO UPDATE SET position = excluded.position;
            END IF;
            IF rq_timer[r] IS NOT NULL THEN
                DELETE FROM timer WHERE id = rq_timer[r];
            END IF;
            IF rq_unpark[r] IS NOT NULL THEN
                DELETE FROM parked p WHERE p.upstream = rq_unpark_upstream[r] AND p.position = rq_unpark[r];
            END IF;
        ELSE
            -- Whoever decided after this request in the same batch may have built on what it would have done.
            unsure := unsure || ev_stream[e0 : e - 1];
        END IF;

        WHILE o <= n_outbox AND ob_request[o] = r LOOP
            IF verdict = 'ok' THEN
                h.outbox_position := h.outbox_position + 1;
                i := ob_event[o];
                INSERT INTO outbox VALUES (h.outbox_position, base + i - e0 + 1, ob_type[o], ev_tenant[i], ev_stream[i],
                    ev_recorded[i], ob_traceparent[o], ob_correlation[o], ob_data[o]);
            END IF;
            o := o + 1;
        END LOOP;
        WHILE t <= n_timers AND tm_request[t] = r LOOP
            IF verdict = 'ok' THEN
                DELETE FROM timer WHERE stream = tm_stream[t] AND name = tm_name[t];
                IF tm_due[t] IS NOT NULL THEN
                    INSERT INTO timer (stream, name, id, tenant, due_at)
                    VALUES (tm_stream[t], tm_name[t], tm_id[t], tm_tenant[t], tm_due[t]);
                END IF;
            END IF;
            t := t + 1;
        END LOOP;
        WHILE k <= n_parked AND pk_request[k] = r LOOP
            IF verdict = 'ok' THEN
                INSERT INTO parked (upstream, position, subject, type, announcement, error, parked_at)
                VALUES (pk_upstream[k], pk_position[k], pk_subject[k], pk_type[k], pk_announcement[k], pk_error[k], pk_at[k])
                ON CONFLICT (upstream, position) DO UPDATE SET error = excluded.error;
            END IF;
            k := k + 1;
        END LOOP;
        RETURN NEXT;
    END LOOP;
    UPDATE head SET position = h.position, outbox_position = h.outbox_position, chain = h.chain
    WHERE position <> h.position;
END $$;

REVOKE ALL ON FUNCTION append FROM PUBLIC;
GRANT USAGE ON SCHEMA ${schema} TO ${service};
GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO ${service};
GRANT EXECUTE ON FUNCTION append, canonical_event TO ${service};
GRANT INSERT, UPDATE, DELETE ON lease, cursor, setting, snapshot TO ${service};
GRANT UPDATE (claimed_until) ON timer TO ${service};
GRANT UPDATE (dropped_at, dropped_by, reason) ON parked TO ${service};
