package template

import (
	"regexp"
	"slices"

	"github.com/metrics-dashboard/metrics-dashboard/local/internal/spec"
)

// Bounds of the Parquet serializer. Source: Firehose API reference, ParquetSerDe.
const (
	minBlockBytes = 64 << 20
	minPageBytes  = 64 << 10
	maxInt32      = 1<<31 - 1
)

// conversion reads the format conversion: OpenX JSON to Parquet by a table of this template. It returns nil if conversion is off.
func (r *reader) conversion(n node) *spec.Table {
	known := []string{"Enabled", "InputFormatConfiguration", "OutputFormatConfiguration", "SchemaConfiguration"}
	if !n.object(known, nil) || !n.field("Enabled").boolean(true) {
		return nil
	}
	inputFormat(n.field("InputFormatConfiguration"))
	outputFormat(n.field("OutputFormatConfiguration"))
	return r.schema(n.field("SchemaConfiguration"))
}

func inputFormat(n node) {
	if !n.object([]string{"Deserializer"}, nil) {
		n.problem("required with format conversion")
		return
	}
	deserializer := n.field("Deserializer")
	if !deserializer.object([]string{"OpenXJsonSerDe"}, map[string]string{
		"HiveJsonSerDe": "the local stack reads JSON only as OpenXJsonSerDe does",
	}) {
		deserializer.problem("want OpenXJsonSerDe")
		return
	}
	openX := deserializer.field("OpenXJsonSerDe")
	openX.object([]string{"CaseInsensitive", "ConvertDotsInJsonKeysToUnderscores", "ColumnToJsonKeyMappings"}, nil)
	openX.field("CaseInsensitive").only("the local stack always compares keys without regard to case", "true")
	openX.field("ConvertDotsInJsonKeysToUnderscores").only("the local stack does not replace dots in keys", "false")
	if mappings, _ := openX.field("ColumnToJsonKeyMappings").value().(map[string]any); len(mappings) > 0 {
		openX.field("ColumnToJsonKeyMappings").problem("the local stack does not map keys to other columns; a key must have the name of its column")
	}
}

func outputFormat(n node) {
	if !n.object([]string{"Serializer"}, nil) {
		n.problem("required with format conversion")
		return
	}
	serializer := n.field("Serializer")
	if !serializer.object([]string{"ParquetSerDe"}, map[string]string{
		"OrcSerDe": "the local stack writes Parquet, not ORC; want ParquetSerDe",
	}) || serializer.field("ParquetSerDe").raw == nil {
		if !serializer.field("OrcSerDe").exists() {
			serializer.problem("want ParquetSerDe")
		}
		return
	}
	parquet := serializer.field("ParquetSerDe")
	parquet.object([]string{
		"Compression", "BlockSizeBytes", "PageSizeBytes", "EnableDictionaryCompression", "MaxPaddingBytes", "WriterVersion",
	}, nil)
	parquet.field("Compression").only("the local stack compresses only with SNAPPY", "SNAPPY")
	parquet.field("WriterVersion").only("want V1 or V2", "V1", "V2")
	parquet.field("BlockSizeBytes").whole(4*minBlockBytes, minBlockBytes, maxInt32, " bytes")
	parquet.field("PageSizeBytes").whole(16*minPageBytes, minPageBytes, maxInt32, " bytes")
	parquet.field("EnableDictionaryCompression").boolean(false)
	parquet.field("MaxPaddingBytes").whole(0, 0, maxInt32, " bytes")
}

// schema finds the table that the conversion names among the resources.
func (r *reader) schema(n node) *spec.Table {
	if !n.object([]string{"CatalogId", "DatabaseName", "Region", "RoleARN", "TableName", "VersionId"}, nil) {
		n.problem("required with format conversion")
		return nil
	}
	n.field("RoleARN").required()
	n.field("Region").only("the stack's region is "+r.opts.Region, r.opts.Region)
	n.field("CatalogId").only("the stack's account is "+r.opts.AccountID, r.opts.AccountID)
	n.field("VersionId").only("the local stack supports only LATEST", "LATEST")
	database, name := n.field("DatabaseName").required(), n.field("TableName").required()
	for _, id := range r.ofType(typeTable) {
		p := r.properties(id)
		if p.field("DatabaseName").text() == database && r.name(id) == name {
			t := table(p.field("TableInput"))
			t.Database, t.Name = database, name
			return t
		}
	}
	if database != "" && name != "" {
		n.problem("the template does not have the %s %s.%s", typeTable, database, name)
	}
	// Not nil: conversion is on, and the remaining checks must know that.
	return &spec.Table{Database: database, Name: name}
}

func table(n node) *spec.Table {
	storage := n.field("StorageDescriptor")
	t := &spec.Table{
		Location:      storage.field("Location").text(),
		Columns:       columns(storage.field("Columns")),
		PartitionKeys: columns(n.field("PartitionKeys")),
	}
	if len(t.Columns) == 0 {
		storage.problem("a table needs Columns")
	}
	for i, c := range t.PartitionKeys {
		if slices.ContainsFunc(t.Columns, func(o spec.Column) bool { return o.Name == c.Name }) {
			n.field("PartitionKeys").items()[i].problem("%s is also a column; a partition key must not be one", c.Name)
		}
	}
	return t
}

// columnName is the form of a column's name. Hive does not have upper case.
var columnName = regexp.MustCompile(`^[a-z0-9_]{1,255}$`)

// hiveType is the form of a Hive type. Package convert says which types it converts.
var hiveType = regexp.MustCompile(`^(string|double|float|tinyint|smallint|int|bigint|boolean|timestamp|date|binary|` +
	`(decimal|char|varchar)\([0-9, ]+\)|(map|array|struct)<.+>)$`)

func columns(n node) []spec.Column {
	var list []spec.Column
	for _, item := range n.items() {
		item.object([]string{"Name", "Type", "Comment"}, nil)
		c := spec.Column{Name: item.field("Name").required(), Type: item.field("Type").text()}
		switch {
		case c.Name != "" && !columnName.MatchString(c.Name):
			item.field("Name").problem("%q is not a column name; want 1-255 of a-z 0-9 _", c.Name)
		case !hiveType.MatchString(c.Type):
			item.field("Type").problem("%q is not a Hive type; want one such as string, double or map<string,string>", c.Type)
		case slices.ContainsFunc(list, func(o spec.Column) bool { return o.Name == c.Name }):
			item.problem("another column has the name %s already", c.Name)
		}
		list = append(list, c)
	}
	return list
}
