//! `EXPLAIN`, of the plan for values that are known and of the one for any values.

use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection};

use super::Scan;
use super::allowed::SMALL;

/// Makes the planner see a million rows in every table that grows, where nothing was ever analysed: a row gives the
/// table its first page, and the catalogue says how full pages are. The planner is asked within the
/// transaction, which is then rolled back.
const ENLARGE: &str = "
    BEGIN;
    SET LOCAL session_replication_role = replica;
    DO $$
    DECLARE one RECORD;
    BEGIN
        FOR one IN
            SELECT table_name AS name, string_agg(quote_ident(column_name), ', ') AS columns,
                string_agg(CASE data_type
                    WHEN 'uuid' THEN 'gen_random_uuid()'
                    WHEN 'bigint' THEN '7'
                    WHEN 'boolean' THEN 'true'
                    WHEN 'bytea' THEN quote_literal(gen_random_uuid()) || '::bytea'
                    ELSE quote_literal(gen_random_uuid())
                END, ', ') AS row
            FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name <> ALL ({small})
            GROUP BY table_name
        LOOP
            EXECUTE format('INSERT INTO %I (%s) VALUES (%s)', one.name, one.columns, one.row);
        END LOOP;
    END $$;
    UPDATE pg_class SET relpages = 1, reltuples = 1000000
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
        AND relname <> ALL ({small});
    -- The server may have analysed a table that a test has filled with the rows of one room, by which
    -- that room seems to be everything.
    DELETE FROM pg_statistic WHERE starelid IN (
        SELECT oid FROM pg_class WHERE relnamespace = 'public'::regnamespace)";

pub(super) async fn scans(url: &str, statements: &[(String, String)]) -> Vec<(String, Scan)> {
    let mut connection = PgConnection::connect(url).await.unwrap();
    let mut found = Vec::new();
    let small: Vec<_> = SMALL.iter().map(|name| format!("'{name}'")).collect();
    let small = format!("ARRAY['_sqlx_migrations', {}]", small.join(", "));
    run(&mut connection, &ENLARGE.replace("{small}", &small)).await;
    for mode in ["force_custom_plan", "force_generic_plan"] {
        run(
            &mut connection,
            &format!("SET LOCAL plan_cache_mode = {mode}"),
        )
        .await;
        for (text, types) in statements {
            let plan = explain(&mut connection, text, types).await;
            let mut tables = Vec::new();
            collect(&plan[0]["Plan"], &mut tables);
            found.extend(tables.into_iter().map(|table| {
                let plan = format!("{mode}: {plan:#}");
                (text.clone(), Scan { table, plan })
            }));
        }
    }

    run(&mut connection, "ROLLBACK").await;
    connection.close().await.unwrap();
    found
}

async fn run(connection: &mut PgConnection, sql: &str) {
    let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    sql.execute(connection).await.unwrap();
}

/// The plan as JSON.
async fn explain(connection: &mut PgConnection, text: &str, types: &str) -> Value {
    let with = |of_type: &str| match of_type {
        "" => String::new(),
        types => format!("({types})"),
    };
    let values: Vec<_> = types.split(", ").filter(|one| !one.is_empty()).collect();
    let values: Vec<_> = values.into_iter().map(value_of).collect();
    let prepare = format!("PREPARE explained {} AS {text}", with(types));
    let prepared = sqlx::raw_sql(AssertSqlSafe(prepare)).execute(&mut *connection);
    if let Err(error) = prepared.await {
        panic!("{error} in\n{text}");
    }

    let values = with(&values.join(", "));
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE explained {values}");
    let explained = sqlx::query_scalar(AssertSqlSafe(explain)).fetch_one(&mut *connection);
    let plan = explained.await.unwrap();
    run(connection, "DEALLOCATE explained").await;
    plan
}

/// Some value: nothing is known of how values are spread in a table that was never analysed.
fn value_of(of_type: &str) -> String {
    let one = match of_type.trim_end_matches("[]") {
        "uuid" => "'00000000-0000-0000-0000-000000000000'::uuid",
        "bigint" => "7::bigint",
        "text" => "'x'::text",
        "boolean" => "true",
        "bytea" => "'x'::bytea",
        unknown => panic!("a value of the type `{unknown}`"),
    };

    if of_type.ends_with("[]") {
        format!("array_fill({one}, ARRAY[64])")
    } else {
        one.to_owned()
    }
}

/// Collects the tables that a plan reads whole: in sequence, or by an index from end to end.
fn collect(node: &Value, tables: &mut Vec<String>) {
    let is_whole = match node["Node Type"].as_str().unwrap_or_default() {
        "Seq Scan" => true,
        "Index Scan" | "Index Only Scan" | "Bitmap Index Scan" => node["Index Cond"].is_null(),
        _ => false,
    };
    if is_whole {
        let name = node["Relation Name"].as_str();
        let name = name.or_else(|| node["Index Name"].as_str());
        tables.push(name.unwrap_or_default().to_owned());
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        collect(child, tables);
    }
}
