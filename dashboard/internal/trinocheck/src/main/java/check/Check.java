package check;

import static io.trino.testing.TestingSession.testSessionBuilder;

import io.trino.Session;
import io.trino.execution.warnings.WarningCollector;
import io.trino.plugin.memory.MemoryConnectorFactory;
import io.trino.spi.type.SqlTimestamp;
import io.trino.spi.type.TimeZoneKey;
import io.trino.sql.parser.ParsingException;
import io.trino.sql.parser.SqlParser;
import io.trino.sql.planner.planprinter.IoPlanPrinter;
import io.trino.sql.tree.Explain;
import io.trino.sql.tree.Query;
import io.trino.sql.tree.Statement;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedRow;
import io.trino.testing.QueryRunner.MaterializedResultWithPlan;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.format.DateTimeFormatter;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Runs each .sql file of the given directories in Trino's engine and prints "path: ok" or "path: what is wrong". The .setup files
 * of a directory run first and make its tables in memory. The rows go to a .rows file beside the query: one line for each row,
 * values separated by tabs. What the plan reads goes to a .io file, as EXPLAIN (TYPE IO, FORMAT JSON) prints it. A .parameters file
 * holds the values of parameters, as EXECUTE takes them, separated by NUL bytes. Files of a directory with the same statement and
 * parameters share one answer.
 */
public final class Check {
    private static final DateTimeFormatter MICROSECONDS = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS");

    private record Answer(List<String> rows, String io) {}

    private Check() {}

    public static void main(String[] args) throws IOException {
        PrintStream out = System.out;
        System.setOut(System.err); // standard output is for the results only, not for the engine's messages
        Session session = testSessionBuilder().setCatalog("memory").setSchema("default").setTimeZoneKey(TimeZoneKey.UTC_KEY).build();
        for (String directory : args) {
            Map<List<String>, Answer> answers = new HashMap<>();
            try (LocalQueryRunner runner = LocalQueryRunner.create(session)) {
                runner.createCatalog("memory", new MemoryConnectorFactory(), Map.of());
                for (Path setup : files(Path.of(directory), ".setup")) {
                    runner.execute(Files.readString(setup));
                }
                for (Path file : files(Path.of(directory), ".sql")) {
                    out.println("check: " + file + ": " + problem(runner, session, file, answers));
                }
            }
        }
        out.flush();
        System.exit(0); // otherwise the engine's threads keep the program running
    }

    private static List<Path> files(Path directory, String end) throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.filter(path -> path.toString().endsWith(end)).sorted().toList();
        }
    }

    private static String problem(LocalQueryRunner runner, Session session, Path file, Map<List<String>, Answer> answers) throws IOException {
        String sql = Files.readString(file);
        Path parameters = sibling(file, ".parameters");
        List<String> values = Files.exists(parameters) ? List.of(Files.readString(parameters).split("\u0000")) : List.of();
        List<String> statement = Stream.concat(Stream.of(sql), values.stream()).toList();
        try {
            if (!answers.containsKey(statement)) {
                answers.put(statement, answer(runner, session, sql, values));
            }
        } catch (ParsingException e) {
            return oneLine(e);
        } catch (RuntimeException e) {
            return e.getClass().getSimpleName() + ": " + oneLine(e);
        }
        Answer answer = answers.get(statement);
        Files.write(sibling(file, ".rows"), answer.rows());
        Files.writeString(sibling(file, ".io"), answer.io());
        return "ok";
    }

    private static Answer answer(LocalQueryRunner runner, Session session, String sql, List<String> values) {
        Statement statement = new SqlParser().createStatement(sql);
        if (!(statement instanceof Query || statement instanceof Explain)) {
            throw new IllegalArgumentException("is a " + statement.getClass().getSimpleName() + ", not a query");
        }
        if (statement instanceof Explain) {
            // A plan for several nodes, as EXPLAIN makes it, with partial aggregations does not pass the checks of a runner with one node.
            session = Session.builder(session).setSystemProperty("prefer_partial_aggregation", "false").build();
        }
        if (!values.isEmpty()) {
            session = Session.builder(session).addPreparedStatement("panel", sql).build();
            sql = "EXECUTE panel USING " + String.join(", ", values);
        }
        MaterializedResultWithPlan result = runner.executeWithPlan(session, sql, WarningCollector.NOOP);
        return new Answer(
                result.getMaterializedResult().getMaterializedRows().stream().map(Check::line).toList(),
                runner.inTransaction(session, transaction -> {
                    runner.getMetadata().getCatalogHandle(transaction, "memory"); // so that the transaction knows the catalog
                    return IoPlanPrinter.textIoPlan(result.getQueryPlan(), runner.getPlannerContext(), transaction);
                }));
    }

    private static Path sibling(Path file, String end) {
        return file.resolveSibling(file.getFileName().toString().replaceAll("\\.sql$", end));
    }

    private static String oneLine(Exception e) {
        return String.valueOf(e.getMessage()).replace('\n', ' ');
    }

    private static String line(MaterializedRow row) {
        return IntStream.range(0, row.getFieldCount())
                .mapToObj(i -> cell(row.getField(i)).replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t"))
                .collect(Collectors.joining("\t"));
    }

    private static String cell(Object value) {
        return value instanceof SqlTimestamp time ? time.toLocalDateTime().format(MICROSECONDS) : String.valueOf(value);
    }
}
