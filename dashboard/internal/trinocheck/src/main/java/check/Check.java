package check;

import io.trino.sql.parser.ParsingException;
import io.trino.sql.parser.SqlParser;
import io.trino.sql.tree.Query;
import io.trino.sql.tree.Statement;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Parses each file of a directory that ends in .sql as Trino does, and prints "name: ok" or "name: what is wrong". */
public final class Check {
    private Check() {}

    public static void main(String[] args) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(Path.of(args[0]))) {
            files = all.filter(path -> path.toString().endsWith(".sql")).sorted().toList();
        }
        SqlParser parser = new SqlParser();
        for (Path file : files) {
            System.out.println("check: " + file.getFileName() + ": " + problem(parser, Files.readString(file)));
        }
    }

    private static String problem(SqlParser parser, String sql) {
        try {
            Statement statement = parser.createStatement(sql);
            return statement instanceof Query ? "ok" : "is a " + statement.getClass().getSimpleName() + ", not a query";
        } catch (ParsingException e) {
            return e.getMessage().replace('\n', ' ');
        }
    }
}
