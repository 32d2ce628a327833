-- A stream has one kind: that of the aggregate which its first event begins. Which event types are whose, the services say
-- when they start; `append` refuses an event of another kind than the stream's with the verdict `kind`: a fault of the
-- caller's, which no repetition mends. A type that nobody has declared is not compared.

CREATE TABLE event_type (type text PRIMARY KEY, kinds text[] NOT NULL CHECK (cardinality(kinds) > 0));
COMMENT ON COLUMN event_type.kinds IS 'The kinds of aggregates that have such events: one, or several for a type that begins none of them';
GRANT SELECT, INSERT ON event_type TO ${service};

-- Whether an event of type `p_type` does not belong into a stream whose last event is of type `p_last`. If several kinds
-- share that one, the stream's first event tells.
CREATE FUNCTION is_of_another_kind(p_stream uuid, p_last text, p_type text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    last_kinds text[] := (SELECT kinds FROM event_type WHERE type = p_last);
    new_kinds text[] := (SELECT kinds FROM event_type WHERE type = p_type);
BEGIN
    IF cardinality(last_kinds) > 1 AND cardinality(new_kinds) = 1 THEN
        last_kinds := coalesce(
            (SELECT t.kinds FROM event e JOIN event_type t ON t.type = e.type WHERE e.stream = p_stream AND e.version = 1),
            last_kinds);
    END IF;
    RETURN coalesce(NOT last_kinds && new_kinds, false);
END $$;

-- As before, but for kinds.
CREATE OR REPLACE FUNCTION append_one_by_one(
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
    last_type text;
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
                    IF ev_stream[j] = ev_stream[i] THEN have := ev_version[j]; last_type := ev_type[j]; EXIT; END IF;
                END LOOP;
                IF have IS NULL THEN
                    SELECT x.version, x.type INTO have, last_type FROM event x WHERE x.stream = ev_stream[i] ORDER BY x.version DESC LIMIT 1;
                    -- A stream begins at 1; a user of the eventsourcing library may also begin one at 0.
                    have := coalesce(have, CASE ev_version[i] WHEN 0 THEN -1 ELSE 0 END);
                END IF;
                IF ev_version[i] <> have + 1 THEN
                    verdict := 'conflict';
                    detail := format('stream %s is at version %s', ev_stream[i], have);
                    EXIT;
                END IF;
                IF last_type <> ev_type[i] AND is_of_another_kind(ev_stream[i], last_type, ev_type[i]) THEN
                    verdict := 'kind';
                    detail := format('stream %s holds %s and takes no %s', ev_stream[i], last_type, ev_type[i]);
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

CREATE OR REPLACE FUNCTION append(
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
LANGUAGE plpgsql SECURITY DEFINER
-- What is looked up here is one row of a large table each time, also where a young table has no statistics yet.
SET search_path = ${schema}, pg_temp SET enable_seqscan = off SET enable_bitmapscan = off AS $$
#variable_conflict use_column
DECLARE
    h head%ROWTYPE;
    n_events int := cardinality(ev_request);
    canonical bytea[];
    one bytea;
    chains bytea[] := '{}';
    e int := 0;
    moved boolean;
    steps text[];
    ends bigint[] := '{}';  -- for each request, how many events there are up to its last one
BEGIN
    SELECT * INTO STRICT h FROM head FOR UPDATE;
    IF p_epoch < h.epoch THEN
        RAISE EXCEPTION 'fenced: this writer has epoch %, the log has %', p_epoch, h.epoch USING ERRCODE = 'HB001';
    END IF;

    -- Versions, and which types follow on which others: there are few such steps in a batch, whose kinds are then compared.
    IF cardinality(rq_tenant) >= 8 THEN
        SELECT bool_or(v.version <> 1 + coalesce(version_before, x.version, 0)),
            array_agg(DISTINCT (coalesce(type_before, x.type) || E'\x1f' || v.type) COLLATE "C")
                FILTER (WHERE v.type <> coalesce(type_before, x.type))
        INTO moved, steps
        FROM (
            SELECT stream, version, type, lag(version) OVER s AS version_before, lag(type) OVER s AS type_before
            FROM unnest(ev_stream, ev_version, ev_type) WITH ORDINALITY AS u (stream, version, type, i)
            WINDOW s AS (PARTITION BY stream ORDER BY i)) AS v
        LEFT JOIN LATERAL (
            SELECT x.version, x.type FROM event x
            WHERE version_before IS NULL AND x.stream = v.stream ORDER BY x.version DESC LIMIT 1) AS x ON true;
    END IF;
    -- A few requests are faster one by one: statements over the whole batch have to be set up first.
    IF cardinality(rq_tenant) < 8
        OR cardinality(array_remove(rq_timer, NULL)) > 0 OR cardinality(array_remove(rq_unpark, NULL)) > 0
        OR cardinality(pk_request) > 0 OR cardinality(array_remove(gd_limit, NULL)) > 0
        -- A request that was stored before, or comes twice.
        OR EXISTS (
            SELECT FROM unnest(rq_tenant, rq_id) AS q (tenant, id)
            WHERE id IS NOT NULL
            GROUP BY tenant, id
            HAVING count(*) > 1
            OR (SELECT true FROM request s WHERE s.tenant = q.tenant AND s.request_id = q.id LIMIT 1))
        -- An event whose version does not follow the one before it, or that may be of another kind.
        OR moved
        OR steps IS NOT NULL AND (
            EXISTS (
                SELECT FROM unnest(steps) AS u (step)
                JOIN event_type AS o ON o.type = split_part(step, E'\x1f', 1)
                JOIN event_type AS n ON n.type = split_part(step, E'\x1f', 2)
                WHERE NOT o.kinds && n.kinds)
            OR EXISTS (
                SELECT FROM unnest(steps) AS u (step) JOIN event_type AS o ON o.type = split_part(step, E'\x1f', 1)
                WHERE cardinality(o.kinds) > 1)
            AND EXISTS (
                SELECT FROM unnest(ev_stream, ev_type) AS u (stream, type)
                JOIN event AS f ON f.stream = u.stream AND f.version = 1
                JOIN event_type AS o ON o.type = f.type
                JOIN event_type AS n ON n.type = u.type
                WHERE NOT o.kinds && n.kinds))
        -- Something that was looked at and has moved, or moves in this batch.
        OR cardinality(rd_stream) > 0 AND (
            EXISTS (SELECT FROM unnest(rd_stream) AS d (stream) JOIN unnest(ev_stream) AS w (stream) USING (stream))
            OR EXISTS (
                SELECT FROM unnest(rd_stream, rd_version) AS d (stream, version)
                WHERE version <> coalesce((
                    SELECT x.version FROM event x WHERE x.stream = d.stream ORDER BY x.version DESC LIMIT 1), 0)))
        -- A step in an upstream's feed that is not the next one.
        OR cardinality(array_remove(rq_upto, NULL)) > 0 AND EXISTS (
            SELECT FROM (
                SELECT upstream, "after", upto, lag(upto) OVER (PARTITION BY upstream ORDER BY i) AS before
                FROM unnest(rq_upstream, rq_after, rq_upto) WITH ORDINALITY AS u (upstream, "after", upto, i)
                WHERE upstream IS NOT NULL) AS s
            CROSS JOIN LATERAL (SELECT coalesce(before, (
                SELECT t.position FROM tracking t WHERE t.upstream = s.upstream LIMIT 1), 0) AS tracked) AS t
            WHERE CASE WHEN "after" IS NULL THEN upto <= tracked ELSE "after" <> tracked END)
        -- A guard that is not there, or would pass its limit.
        OR cardinality(gd_key) > 0 AND EXISTS (
            SELECT FROM (
                SELECT key, amount, sum(amount) OVER (PARTITION BY key ORDER BY i) AS drawn
                FROM unnest(gd_key, gd_amount) WITH ORDINALITY AS u (key, amount, i)) AS d
            LEFT JOIN LATERAL (SELECT used, "limit" FROM guard g WHERE g.key = d.key LIMIT 1) AS g ON true
            WHERE used IS NULL OR (amount > 0 AND used + drawn > "limit") OR used + drawn < 0)
    THEN
        RETURN QUERY SELECT * FROM append_one_by_one(
            p_epoch, rq_tenant, rq_id, rq_fingerprint, rq_stream, rq_version,
            rq_upstream, rq_after, rq_upto, rq_timer, rq_unpark_upstream, rq_unpark,
            ev_request, ev_tenant, ev_stream, ev_version, ev_type, ev_schema, ev_payload, ev_metadata, ev_recorded,
            ob_request, ob_event, ob_type, ob_data, ob_traceparent, ob_correlation, rd_request, rd_stream, rd_version,
            gd_request, gd_key, gd_amount, gd_limit, tm_request, tm_stream, tm_name, tm_id, tm_tenant, tm_due,
            pk_request, pk_upstream, pk_position, pk_subject, pk_type, pk_announcement, pk_error, pk_at);
        RETURN;
    END IF;

    IF n_events > 0 THEN
        SELECT array_agg(canonical_event(
            h.position + i, tenant, stream, version, type, schema_version, recorded, metadata, payload) ORDER BY i)
        INTO canonical
        FROM unnest(ev_tenant, ev_stream, ev_version, ev_type, ev_schema, ev_recorded, ev_metadata, ev_payload)
            WITH ORDINALITY AS u (tenant, stream, version, type, schema_version, recorded, metadata, payload, i);
        FOREACH one IN ARRAY canonical LOOP
            h.chain := sha256(h.chain || one);
            chains := chains || h.chain;
        END LOOP;
        INSERT INTO event
        SELECT h.position + i, tenant, stream, version, type, schema_version, payload, metadata, recorded, chain
        FROM unnest(ev_tenant, ev_stream, ev_version, ev_type, ev_schema, ev_payload, ev_metadata, ev_recorded, chains)
            WITH ORDINALITY AS u (tenant, stream, version, type, schema_version, payload, metadata, recorded, chain, i);
    END IF;
    FOR r IN 1 .. cardinality(rq_tenant) LOOP
        WHILE e < n_events AND ev_request[e + 1] = r LOOP e := e + 1; END LOOP;
        ends := ends || e::bigint;
    END LOOP;
    INSERT INTO request
    SELECT tenant, id, fingerprint, stream, version, h.position + upto
    FROM unnest(rq_tenant, rq_id, rq_fingerprint, rq_stream, rq_version, ends)
        AS u (tenant, id, fingerprint, stream, version, upto)
    WHERE id IS NOT NULL;
    IF cardinality(ob_event) > 0 THEN
        INSERT INTO outbox
        SELECT h.outbox_position + i, h.position + event, type, ev_tenant[event], ev_stream[event], ev_recorded[event],
            traceparent, correlation, data
        FROM unnest(ob_event, ob_type, ob_data, ob_traceparent, ob_correlation)
            WITH ORDINALITY AS u (event, type, data, traceparent, correlation, i);
    END IF;
    IF cardinality(array_remove(rq_upto, NULL)) > 0 THEN
        INSERT INTO tracking
        SELECT DISTINCT ON (upstream) upstream, upto
        FROM unnest(rq_upstream, rq_upto) WITH ORDINALITY AS u (upstream, upto, i)
        WHERE upstream IS NOT NULL ORDER BY upstream, i DESC
        ON CONFLICT (upstream) DO UPDATE SET position = excluded.position;
    END IF;
    IF cardinality(gd_key) > 0 THEN
        UPDATE guard SET used = used + drawn
        FROM (SELECT key AS drawn_key, sum(amount)::bigint AS drawn FROM unnest(gd_key, gd_amount) AS u (key, amount)
            GROUP BY key) AS d
        WHERE guard.key = drawn_key;
    END IF;
    IF cardinality(tm_name) > 0 THEN
        DELETE FROM timer USING unnest(tm_stream, tm_name) AS u (moved_stream, moved_name)
        WHERE timer.stream = moved_stream AND timer.name = moved_name;
        INSERT INTO timer (stream, name, id, tenant, due_at)
        SELECT stream, name, id, tenant, due FROM (
            SELECT DISTINCT ON (stream, name) stream, name, id, tenant, due
            FROM unnest(tm_stream, tm_name, tm_id, tm_tenant, tm_due)
                WITH ORDINALITY AS u (stream, name, id, tenant, due, i)
            ORDER BY stream, name, i DESC) AS newest
        WHERE due IS NOT NULL;
    END IF;
    UPDATE head SET position = h.position + n_events, outbox_position = h.outbox_position + cardinality(ob_event),
        chain = h.chain
    WHERE n_events > 0;
    RETURN QUERY
        SELECT 'ok', h.position + coalesce(lag(upto) OVER (ORDER BY i), 0) + 1, h.position + upto, stream, version, ''
        FROM unnest(rq_stream, rq_version, ends) WITH ORDINALITY AS u (stream, version, upto, i) ORDER BY i;
END $$;
