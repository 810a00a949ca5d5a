import static io.trino.memory.context.AggregatedMemoryContext.newSimpleAggregatedMemoryContext;
import static io.trino.parquet.ParquetTypeUtils.constructField;
import static io.trino.parquet.ParquetTypeUtils.getColumnIO;
import static io.trino.parquet.ParquetTypeUtils.getDescriptors;
import static io.trino.parquet.ParquetTypeUtils.lookupColumnByName;
import static io.trino.parquet.predicate.PredicateUtils.buildPredicate;
import static io.trino.parquet.predicate.PredicateUtils.getFilteredRowGroups;
import static org.joda.time.DateTimeZone.UTC;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.trino.parquet.AbstractParquetDataSource;
import io.trino.parquet.Column;
import io.trino.parquet.ParquetDataSource;
import io.trino.parquet.ParquetDataSourceId;
import io.trino.parquet.ParquetReaderOptions;
import io.trino.parquet.reader.MetadataReader;
import io.trino.parquet.reader.ParquetReader;
import io.trino.spi.block.Block;
import io.trino.spi.connector.SourcePage;
import io.trino.spi.predicate.TupleDomain;
import io.trino.spi.type.ArrayType;
import io.trino.spi.type.BigintType;
import io.trino.spi.type.BooleanType;
import io.trino.spi.type.DoubleType;
import io.trino.spi.type.IntegerType;
import io.trino.spi.type.MapType;
import io.trino.spi.type.RowType;
import io.trino.spi.type.SqlTimestamp;
import io.trino.spi.type.TimestampType;
import io.trino.spi.type.Type;
import io.trino.spi.type.TypeOperators;
import io.trino.spi.type.VarcharType;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.schema.MessageType;

/**
 * Reads the files NAME.parquet of a directory with Trino's reader. It writes each row as a line of JSON to NAME.trino: an object with a
 * member for each column. NAME.columns has the columns of the table, each with its Hive type. A timestamp becomes a number of
 * microseconds.
 */
public final class Read {
    private static final ObjectMapper JSON = new ObjectMapper();

    private Read() {}

    public static void main(String[] args) throws IOException {
        try (Stream<Path> files = Files.list(Path.of(args[0]))) {
            for (Path file : files.filter(path -> path.toString().endsWith(".parquet")).sorted().toList()) {
                read(file);
            }
        }
    }

    private static void read(Path file) throws IOException {
        Map<String, Type> columns = new LinkedHashMap<>();
        for (String line : Files.readAllLines(sibling(file, ".columns"))) {
            String[] parts = line.split(" ");
            columns.put(parts[0], type(parts[1]));
        }
        try (LocalFile source = new LocalFile(file);
                ParquetReader reader = open(source, columns);
                PrintWriter out = new PrintWriter(Files.newBufferedWriter(sibling(file, ".trino")))) {
            for (SourcePage page = reader.nextPage(); page != null; page = reader.nextPage()) {
                for (int row = 0; row < page.getPositionCount(); row++) {
                    Map<String, Object> values = new LinkedHashMap<>();
                    for (Map.Entry<String, Type> column : columns.entrySet()) {
                        Block block = page.getBlock(values.size());
                        values.put(column.getKey(), plain(column.getValue(), column.getValue().getObjectValue(block, row)));
                    }
                    out.println(JSON.writeValueAsString(values));
                }
            }
        }
    }

    /** Opens a file as Trino's connector for Hive does. */
    private static ParquetReader open(ParquetDataSource source, Map<String, Type> columns) throws IOException {
        ParquetReaderOptions options = ParquetReaderOptions.defaultOptions();
        var metadata = MetadataReader.readFooter(source, options, Optional.empty(), Optional.empty());
        MessageType schema = metadata.getFileMetaData().getSchema();
        MessageColumnIO root = getColumnIO(schema, schema);
        columns.keySet().removeIf(name -> lookupColumnByName(root, name) == null); // Trino gives NULL for a column that a file lacks
        List<Column> fields = columns.keySet().stream()
                .map(name -> new Column(name, constructField(columns.get(name), lookupColumnByName(root, name)).orElseThrow()))
                .toList();
        Map<List<String>, ColumnDescriptor> descriptors = getDescriptors(schema, schema);
        TupleDomain<ColumnDescriptor> all = TupleDomain.all();
        var predicate = buildPredicate(schema, all, descriptors, UTC);
        var groups = getFilteredRowGroups(0, source.getEstimatedSize(), source, metadata, List.of(all), List.of(predicate), descriptors, UTC, 1000, options);
        return new ParquetReader(Optional.ofNullable(metadata.getFileMetaData().getCreatedBy()), fields, false, groups, source, UTC,
                newSimpleAggregatedMemoryContext(), options, IllegalStateException::new, Optional.of(predicate), Optional.empty(), Optional.empty());
    }

    /** The type of a column, by its type in Hive. */
    private static Type type(String hive) {
        if (hive.startsWith("array<struct<")) {
            String fields = hive.substring("array<struct<".length(), hive.length() - ">>".length());
            return new ArrayType(RowType.from(Arrays.stream(fields.split(","))
                    .map(field -> field.split(":"))
                    .map(field -> RowType.field(field[0], type(field[1])))
                    .toList()));
        }
        return switch (hive) {
            case "string" -> VarcharType.VARCHAR;
            case "boolean" -> BooleanType.BOOLEAN;
            case "int" -> IntegerType.INTEGER;
            case "bigint" -> BigintType.BIGINT;
            case "double" -> DoubleType.DOUBLE;
            case "timestamp" -> TimestampType.TIMESTAMP_MICROS;
            case "map<string,string>" -> new MapType(VarcharType.VARCHAR, VarcharType.VARCHAR, new TypeOperators());
            default -> throw new IllegalArgumentException("the type " + hive + " is not known here");
        };
    }

    /** A value as what Jackson writes as it is meant. */
    private static Object plain(Type type, Object value) {
        if (value instanceof SqlTimestamp timestamp) {
            return timestamp.getEpochMicros();
        }
        if (value == null || !(type instanceof ArrayType array)) {
            return value;
        }
        List<Object> elements = new ArrayList<>();
        for (Object element : (List<?>) value) {
            elements.add(element == null ? null : members((RowType) array.getElementType(), (List<?>) element));
        }
        return elements;
    }

    private static Map<String, Object> members(RowType type, List<?> values) {
        Map<String, Object> members = new LinkedHashMap<>();
        for (RowType.Field field : type.getFields()) {
            members.put(field.getName().orElseThrow(), plain(field.getType(), values.get(members.size())));
        }
        return members;
    }

    private static Path sibling(Path file, String end) {
        return file.resolveSibling(file.getFileName().toString().replace(".parquet", end));
    }

    private static final class LocalFile extends AbstractParquetDataSource {
        private final RandomAccessFile file;

        LocalFile(Path path) throws IOException {
            super(new ParquetDataSourceId(path.toString()), Files.size(path), ParquetReaderOptions.defaultOptions());
            file = new RandomAccessFile(path.toFile(), "r");
        }

        @Override
        protected void readInternal(long position, byte[] buffer, int offset, int length) throws IOException {
            file.seek(position);
            file.readFully(buffer, offset, length);
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
