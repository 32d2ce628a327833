-- `append` for whole batches. As long as every request of a batch can be stored, which is the rule, the batch is checked
-- and stored by a few statements over all of it. A batch that holds anything else goes to `append_one_by_one`, which
-- judges each request after those before it. On whatever the first can take, both say and store the same; a test
-- (test_append_model) compares them.

ALTER FUNCTION append RENAME TO append_one_by_one;
REVOKE EXECUTE ON FUNCTION append_one_by_one FROM ${service};

-- `append` alone writes both tables, in one transaction, and nothing is ever deleted from either.
ALTER TABLE outbox DROP CONSTRAINT outbox_log_position_fkey;

-- JSON escapes every control character; this is the one that would make the canonical form of a row ambiguous. A regular
-- expression over a long text costs more than the rest of the row.
ALTER TABLE event DROP CONSTRAINT event_metadata_check;
ALTER TABLE event ADD CONSTRAINT event_metadata_check CHECK (strpos(metadata, E'\x1f') = 0) NOT VALID;

-- Appends a batch of requests: one call, one transaction, one fsync. Arguments and answer are those of
-- `append_one_by_one`.
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
    ends bigint[] := '{}';  -- for each request, how many events there are up to its last one
BEGIN
    SELECT * INTO STRICT h FROM head FOR UPDATE;
    IF p_epoch < h.epoch THEN
        RAISE EXCEPTION 'fenced: this writer has epoch %, the log has %', p_epoch, h.epoch USING ERRCODE = 'HB001';
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
        -- An event whose version does not follow the one before it.
        OR EXISTS (
            SELECT FROM (
                SELECT stream, version, lag(version) OVER (PARTITION BY stream ORDER BY i) AS before
                FROM unnest(ev_stream, ev_version) WITH ORDINALITY AS u (stream, version, i)) AS v
            WHERE version <> 1 + coalesce(before, (
                SELECT x.version FROM event x WHERE x.stream = v.stream ORDER BY x.version DESC LIMIT 1), 0))
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

REVOKE ALL ON FUNCTION append FROM PUBLIC;
GRANT EXECUTE ON FUNCTION append TO ${service};
