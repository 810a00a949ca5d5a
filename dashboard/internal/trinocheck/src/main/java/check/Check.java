package check;

import static io.trino.testing.TestingSession.testSessionBuilder;

import io.trino.Session;
import io.trino.plugin.memory.MemoryConnectorFactory;
import io.trino.spi.type.SqlTimestamp;
import io.trino.spi.type.TimeZoneKey;
import io.trino.sql.parser.ParsingException;
import io.trino.sql.parser.SqlParser;
import io.trino.sql.tree.Explain;
import io.trino.sql.tree.Query;
import io.trino.sql.tree.Statement;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedResult;
import io.trino.testing.MaterializedRow;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Runs each .sql file of a directory in Trino's engine and prints "name: ok" or "name: what is wrong". The .setup files run
 * first and make the table in memory. The rows go to a .rows file beside the query: one line for each row, values separated by
 * tabs. A .parameters file holds the values of parameters, as EXECUTE takes them, separated by NUL bytes.
 */
public final class Check {
    private static final DateTimeFormatter MICROSECONDS = DateTimeFormatter.ofPattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS");

    private Check() {}

    public static void main(String[] args) throws IOException {
        PrintStream out = System.out;
        System.setOut(System.err); // standard output is for the results only, not for the engine's messages
        Path directory = Path.of(args[0]);
        Session session = testSessionBuilder().setCatalog("memory").setSchema("default").setTimeZoneKey(TimeZoneKey.UTC_KEY).build();
        try (LocalQueryRunner runner = LocalQueryRunner.create(session)) {
            runner.createCatalog("memory", new MemoryConnectorFactory(), Map.of());
            for (Path setup : files(directory, ".setup")) {
                runner.execute(Files.readString(setup));
            }
            for (Path file : files(directory, ".sql")) {
                out.println("check: " + file.getFileName() + ": " + problem(runner, session, file));
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

    private static String problem(LocalQueryRunner runner, Session session, Path file) throws IOException {
        String sql = Files.readString(file);
        try {
            Statement statement = new SqlParser().createStatement(sql);
            if (!(statement instanceof Query || statement instanceof Explain)) {
                return "is a " + statement.getClass().getSimpleName() + ", not a query";
            }
            // A plan for several nodes, as EXPLAIN makes it, with partial aggregations does not pass the checks of a runner with one node.
            Session explaining = Session.builder(session).setSystemProperty("prefer_partial_aggregation", "false").build();
            Path parameters = sibling(file, ".parameters");
            MaterializedResult result = Files.exists(parameters)
                    ? runner.execute(
                            Session.builder(session).addPreparedStatement("panel", sql).build(),
                            "EXECUTE panel USING " + String.join(", ", Files.readString(parameters).split("\u0000")))
                    : runner.execute(statement instanceof Explain ? explaining : session, sql);
            Files.write(sibling(file, ".rows"), result.getMaterializedRows().stream().map(Check::line).toList());
            return "ok";
        } catch (ParsingException e) {
            return oneLine(e);
        } catch (RuntimeException e) {
            return e.getClass().getSimpleName() + ": " + oneLine(e);
        }
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
